"""What is in a Bento, and that it never changes."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path

import pytest

from bentos.build import BentoBuildError, BuiltBento, build_bento
from bentos.served_release import ServedRelease
from components.config.settings import Settings
from tests.slot_process import ROUTING, make_release
from tests.worlds import make_bundle

Built = tuple[Settings, BuiltBento]


def test_a_bento_holds_its_release_its_bundle_and_its_own_requirements(small_release: Built) -> None:
    settings, bento = small_release
    source = bento.path / "src"
    assert bento.tag == "recops:release-1"
    served = ServedRelease.read(source)
    assert (served.release_id, served.control.routing, served.control.model_version) == ("release-1", ROUTING, 1)
    bundle = settings.root / "bundle"
    names = sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file())
    assert filecmp.cmpfiles(bundle, source / "bundle", names, shallow=False) == (names, [], [])
    requirements = (bento.path / "env" / "python" / "requirements.txt").read_text()
    assert "bentoml==" in requirements
    assert "--hash=sha256:" in requirements


def test_the_requirements_of_a_bento_are_pinned_like_ours_and_leave_training_out() -> None:
    project = Settings().project
    ours = pins(project / "requirements.lock")
    serving = pins(project / "requirements-serving.lock")
    assert serving.items() <= ours.items()
    assert not {"prefect", "dvc", "mlflow", "evidently", "pandas", "lightfm-next", "alembic"} & serving.keys()
    assert {"bentoml", "annoy", "numpy", "scipy", "sqlalchemy", "orjson", "prometheus-client"} <= serving.keys()


def pins(lock: Path) -> dict[str, str]:
    lines = [line.split(" ")[0] for line in lock.read_text().splitlines() if "==" in line]
    return dict(line.split("==") for line in lines if not line.startswith("-"))


def test_building_a_release_again_changes_nothing(small_release: Built) -> None:
    settings, bento = small_release
    before = {path: path.stat().st_mtime_ns for path in bento.path.rglob("*") if "__pycache__" not in path.parts}
    assert build_bento(settings, {1: settings.root / "bundle"}, make_release()) == bento
    after = {path: path.stat().st_mtime_ns for path in bento.path.rglob("*") if "__pycache__" not in path.parts}
    assert after.keys() == before.keys()
    assert {path: time for path, time in after.items() if path.is_file()} == {
        path: time for path, time in before.items() if path.is_file()
    }


def test_another_release_or_bundle_under_a_used_id_is_refused(small_release: Built, tmp_path: Path) -> None:
    settings, _ = small_release
    with pytest.raises(BentoBuildError, match="releases never change"):
        build_bento(settings, {2: settings.root / "bundle"}, make_release(model_version=2))
    with pytest.raises(BentoBuildError, match="releases never change"):
        build_bento(settings, {1: make_bundle(tmp_path / "other", seed=1)}, make_release())


def test_a_failed_build_says_what_bentoml_said(small_release: Built, tmp_path: Path) -> None:
    settings = Settings(project=tmp_path / "project", home=tmp_path / "home")
    for name in ("components", "monitoring", "bentos"):
        shutil.copytree(small_release[1].path / "src" / name, tmp_path / "project" / name)
    shutil.copy(small_release[0].project / "requirements-serving.lock", tmp_path / "project")
    (tmp_path / "project" / "bentos" / "service.py").write_text("raise ValueError('this service is broken')\n")
    with pytest.raises(BentoBuildError, match="this service is broken"):
        build_bento(settings, {1: small_release[0].root / "bundle"}, make_release())
    assert not any((tmp_path / "home").glob("build-*"))
