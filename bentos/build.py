"""Builds the Bento of a release: this code, the bundle and release.json, with requirements of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bentos.served_release import BUNDLE, ServedExperiment, ServedRelease, ServedVariant
from components.adapters.slots.bento_files import list_files, listed_md5
from components.config.llm import LlmConfig
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.rollout.release import Release, Variant
from components.serving.bundle import read_bundle
from components.serving.expected_answers import expected_answers

REQUIREMENTS = "requirements-serving.lock"
"""The extra `serving` of pyproject.toml alone, with the versions of requirements.lock; `make lock` writes it."""
QUESTIONS = "questions.json"
CODE = ("components", "monitoring", "bentos")
BUILD_SECONDS = 120

_BENTOFILE = """\
service: bentos.service:Recops
include: ["components/", "monitoring/", "bentos/", {bundles}, "release.json", "questions.json"]
exclude: ["**/__pycache__/", "components/adapters/store/migrations/"]
python:
  requirements_txt: requirements-serving.lock
  lock_packages: false
"""


class BentoBuildError(Exception):
    """BentoML did not build; the message holds what it said."""


@dataclass(frozen=True)
class BuiltBento:
    """A Bento in the store: its tag `recops:<version>`, its folder, and the md5 of the listing of its files."""

    tag: str
    path: Path
    md5: str


def bento_environment(settings: Settings) -> dict[str, str]:
    """The environment of every BentoML process: our store, no telemetry, no tracing."""
    return {
        **os.environ,
        "BENTOML_HOME": str(settings.root / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "true",
        "OTEL_SDK_DISABLED": "true",
    }


def build_bento(
    settings: Settings, bundles: Mapping[int, Path], release: Release, prompts: Mapping[int, str] | None = None
) -> BuiltBento:
    """Builds `recops:<release id>` from the code in `settings.project`, the bundle of each model version and the
    text of each prompt version.

    The answers that each variant must give when it is tested are put in beside them. Needs neither Docker nor a
    network. A Bento that is there already is left as it is and returned.

    Raises:
        BentoBuildError: the build failed, or the Bento there was built for another release or bundle.
    """
    served = served_release(release, prompts)
    folders = {served_variant.bundle: bundles[v.model_version] for served_variant, v in _pairs(served, release)}
    version = release.release_id
    path = settings.root / "bentoml" / "bentos" / "recops" / version
    if path.is_dir():
        _check_same(path, folders, served)
        return BuiltBento(f"recops:{version}", path, listed_md5(path))
    settings.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="recops-build-") as scratch:  # BentoML refuses a hidden folder
        staging = Path(scratch)
        for name in CODE:
            shutil.copytree(settings.project / name, staging / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name, folder in folders.items():
            shutil.copytree(folder, staging / name)
        write_questions(staging, served)
        shutil.copy(settings.project / REQUIREMENTS, staging)
        served.write(staging)
        (staging / "bentofile.yaml").write_text(_BENTOFILE.format(bundles=", ".join(f'"{name}/"' for name in folders)))
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
    return BuiltBento(f"recops:{version}", path, list_files(path))


def served_release(release: Release, prompts: Mapping[int, str] | None = None) -> ServedRelease:
    """What the service has to know of a release; `prompts` holds the text of each prompt version that it names."""
    first = release.model_version
    experiment = release.experiment
    return ServedRelease(
        release_id=release.release_id,
        variants=tuple(
            ServedVariant(
                name=variant.name,
                share=variant.share,
                bundle=BUNDLE if variant.model_version == first else f"{BUNDLE}-{variant.model_version}",
                routing=RoutingConfig.model_validate(variant.policy["routing"]),
                llm=LlmConfig.model_validate(variant.policy.get("llm", {})),
                model_version=variant.model_version,
                prompt_version=variant.prompt_version,
                prompt=None if variant.prompt_version is None else (prompts or {})[variant.prompt_version],
            )
            for variant in release.variants
        ),
        experiment=None if experiment is None else ServedExperiment(**asdict(experiment)),
        details={
            "model_version": release.model_version,
            "data_version": release.summary.get("data_version"),
            "git_commit": release.git_commit,
            "git_dirty": release.git_dirty,
            "params_digest": release.params_digest,
            "created_at": release.created_at,
        },
    )


def write_questions(folder: Path, served: ServedRelease) -> None:
    """Writes what the smoke test asks each variant: the questions that its bundle carries, with the answers that this
    variant's policy gives here, offline.
    """
    questions = []
    for variant in served.variants:
        bundle = read_bundle(folder / variant.bundle)
        for k in sorted({asked.k for asked in bundle.expected_answers}):
            users = [asked.user_id for asked in bundle.expected_answers if asked.k == k]
            questions += [
                {"variant": variant.name, "user_id": answer.user_id, "k": k, "item_ids": list(answer.item_ids)}
                for answer in expected_answers(bundle, variant.routing, users, k)
            ]
    (folder / QUESTIONS).write_text(json.dumps(questions))


def _pairs(served: ServedRelease, release: Release) -> list[tuple[ServedVariant, Variant]]:
    return list(zip(served.variants, release.variants, strict=True))


def _check_same(path: Path, folders: Mapping[str, Path], served: ServedRelease) -> None:
    manifest = "bundle.json"  # holds the digest of every file of the bundle
    same = ServedRelease.read(path / "src") == served and all(
        (path / "src" / name / manifest).read_bytes() == (folder / manifest).read_bytes()
        for name, folder in folders.items()
    )
    if not same:
        raise BentoBuildError(f"{path} holds another release of this id; releases never change, use a new id")
