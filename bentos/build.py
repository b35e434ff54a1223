"""Builds the Bento of a release: this code, the bundle and release.json, with requirements of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bentos.served_release import BUNDLE, ServedRelease
from components.adapters.settings import Settings
from components.params import Routing
from components.rollout.release import Release

REQUIREMENTS = "requirements-serving.lock"
"""The extra `serving` of pyproject.toml alone, with the versions of requirements.lock; `make lock` writes it."""
CODE = ("components", "monitoring", "bentos")
BUILD_SECONDS = 120

_BENTOFILE = f"""\
service: bentos.service:Recops
include: ["components/", "monitoring/", "bentos/", "{BUNDLE}/", "release.json"]
exclude: ["**/__pycache__/", "components/adapters/event_store/migrations/"]
python:
  requirements_txt: {REQUIREMENTS}
  lock_packages: false
"""


class BentoBuildError(Exception):
    """BentoML did not build; the message holds what it said."""


@dataclass(frozen=True)
class BuiltBento:
    """A Bento in the store: its tag `recops:<version>` and its folder, both never changed again."""

    tag: str
    path: Path


def bento_environment(settings: Settings) -> dict[str, str]:
    """The environment of every BentoML process: our store, no telemetry, no tracing."""
    return {
        **os.environ,
        "BENTOML_HOME": str(settings.root / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "true",
        "OTEL_SDK_DISABLED": "true",
        # even without an SDK its middleware would collect the attributes of every request: about 0.05 ms
        "BENTOML_CONFIG_OPTIONS": 'tracing.excluded_urls="."',
    }


def build_bento(settings: Settings, bundle_folder: Path, release: Release, routing: Routing) -> BuiltBento:
    """Builds `recops:<release id>` from the code in `settings.project` and the given bundle.

    Needs neither Docker nor a network. A Bento that is there already is left as it is and returned.

    Raises:
        BentoBuildError: the build failed, or the Bento there was built for another release or bundle.
    """
    served = served_release(release, routing)
    version = release.release_id
    path = settings.root / "bentoml" / "bentos" / "recops" / version
    if path.is_dir():
        _check_same(path, bundle_folder, served)
        return BuiltBento(f"recops:{version}", path)
    settings.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="recops-build-") as folder:  # BentoML refuses a hidden folder
        staging = Path(folder)
        for name in CODE:
            shutil.copytree(settings.project / name, staging / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(bundle_folder, staging / BUNDLE)
        shutil.copy(settings.project / REQUIREMENTS, staging)
        served.write(staging)
        (staging / "bentofile.yaml").write_text(_BENTOFILE)
        command = [sys.executable, "-m", "bentoml", "build", "--version", version, "--output", "tag", str(staging)]
        try:
            done = subprocess.run(
                command,
                cwd=staging,
                env=bento_environment(settings),
                capture_output=True,
                text=True,
                timeout=BUILD_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise BentoBuildError(f"bentoml build took more than {BUILD_SECONDS} s") from error
    if done.returncode != 0 or not path.is_dir():
        said = f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}".strip()
        raise BentoBuildError(f"bentoml build failed: {said.splitlines()[-1] if said else done.returncode}\n{said}")
    return BuiltBento(f"recops:{version}", path)


def served_release(release: Release, routing: Routing) -> ServedRelease:
    """What the service has to know of a release."""
    return ServedRelease(
        release_id=release.release_id,
        variant=release.variants[0].name,
        routing=routing,
        details={
            "model_version": release.model_version,
            "data_version": release.summary.get("data_version"),
            "git_commit": release.git_commit,
            "git_dirty": release.git_dirty,
            "params_digest": release.params_digest,
            "created_at": release.created_at,
        },
    )


def _check_same(path: Path, bundle_folder: Path, served: ServedRelease) -> None:
    manifest = "bundle.json"  # holds the digest of every file of the bundle
    same_release = ServedRelease.read(path / "src") == served
    same_bundle = (path / "src" / BUNDLE / manifest).read_bytes() == (bundle_folder / manifest).read_bytes()
    if not (same_release and same_bundle):
        raise BentoBuildError(f"{path} holds another release of this id; releases never change, use a new id")
