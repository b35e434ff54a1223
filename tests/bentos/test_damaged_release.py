"""Really damaged releases are refused before anything is started, and the file is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bentos.build import BuiltBento, build_bento
from components.adapters.files.params_file import read_params
from components.adapters.slots.bento_files import damage_of
from components.adapters.slots.clean_start import start_clean
from components.config.settings import Settings
from components.recommenders.factors import FittedFactors
from components.retrieval.annoy_index import build_index
from components.rollout.release import Release
from components.rollout.release_gate import CleanStart, ReleaseCheck
from components.serving.bundle import BundleError, CandidateIndex, read_bundle, record_expected_answers, write_bundle
from components.serving.expected_answers import expected_answers
from jobs.promotion.build import examine_release
from jobs.wiring.workbench import Workbench
from tests.slot_process import ROUTING, make_release
from tests.worlds import make_bundle

PARAMS = read_params(Settings().project / "params.yaml")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, BuiltBento]:
    """A release with an approximate index, whose bundle carries answers."""
    home = tmp_path_factory.mktemp("home")
    exact = read_bundle(make_bundle(home / "exact"))
    factors = exact.primary
    assert isinstance(factors, FittedFactors)
    build_index(home / "index.ann", factors.item_factors, 10, 1)
    manifest = replace(exact.manifest, index=CandidateIndex("annoy", 10, 1000, 0.99))
    write_bundle(home / "bundle", replace(exact, manifest=manifest), home / "index.ann")
    users = [str(user) for user in range(1, 9)]
    record_expected_answers(home / "bundle", expected_answers(read_bundle(home / "bundle"), ROUTING, users, 10))
    settings = Settings(home=home)
    return settings, build_bento(settings, {1: home / "bundle"}, make_release())


@pytest.fixture
def package(built: tuple[Settings, BuiltBento]) -> tuple[Settings, Release, Path]:
    """A copy to damage, as a release of its own."""
    settings, bento = built
    copy = bento.path.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(bento.path, copy)
    release = make_release()
    return (
        settings,
        replace(release, bento_tag="recops:copy", summary={**release.summary, "bento_md5": bento.md5}),
        copy,
    )


def bento_of(settings: Settings, release: Release) -> Path:
    return Workbench(settings).bento_folder(release.bento_tag)


def failed(settings: Settings, release: Release) -> list[ReleaseCheck]:
    return [
        check
        for check in examine_release(bento_of(settings, release), PARAMS, release, (), 0.0, 0.0)
        if not check.passed
    ]


def test_a_sound_release_passes(package: tuple[Settings, Release, Path]) -> None:
    settings, release, _ = package
    checks = examine_release(bento_of(settings, release), PARAMS, release, (), 0.0, 0.0)
    assert all(check.passed for check in checks)
    said = {check.name: check.explanation for check in checks}
    assert said["answers"] == "8 of 8 answers equal those computed offline"
    assert said["index_recall"] == "index recall 0.990, at least 0.9"


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "damage", "verdict"),
    [
        ("src/bundle/index.ann", flip_a_byte, "is damaged"),
        ("src/bundle/index.ann", Path.unlink, "is missing"),
        ("src/bundle/lightfm/recommender.json", Path.unlink, "is missing"),
        ("src/components/serving/request_path.py", Path.unlink, "is missing"),
        ("src/release.json", flip_a_byte, "is damaged"),
        ("src/questions.json", Path.unlink, "is missing"),
        ("bento.yaml", Path.unlink, "is missing"),
        ("files.json", Path.unlink, "is not the one that was written"),
    ],
)
def test_a_damaged_or_missing_file_is_refused_by_name(
    package: tuple[Settings, Release, Path], name: str, damage: Callable[[Path], None], verdict: str
) -> None:
    settings, release, folder = package
    if name == "files.json":
        flip_a_byte(folder / "bento.yaml")
        damage(folder / name)
        verdict = "is missing or damaged"
    else:
        damage(folder / name)
    (check,) = failed(settings, release)
    assert check.name == "files"
    assert f"{folder / name} {verdict}" in check.explanation


def test_a_stranger_in_the_package_is_named(package: tuple[Settings, Release, Path]) -> None:
    _, release, folder = package
    (folder / "src" / "sitecustomize.py").write_text("import evil\n")
    (said,) = damage_of(folder, release.summary["bento_md5"])
    assert said == f"{folder / 'src' / 'sitecustomize.py'} is not part of it"


def test_a_package_that_is_gone_is_named(package: tuple[Settings, Release, Path]) -> None:
    _, release, folder = package
    shutil.rmtree(folder)
    assert damage_of(folder, release.summary["bento_md5"]) == (f"{folder} is missing",)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("components/serving/catalogue.py", "raise RuntimeError('broken on arrival')\n", "broken on arrival"),
        ("bundle/users.json", "[]\n", "users.json is damaged"),
    ],
)
def test_what_does_not_load_says_why(
    package: tuple[Settings, Release, Path], name: str, content: str, said: str
) -> None:
    _, _, folder = package
    (folder / "src" / name).write_text(content)
    outcome = start_clean(folder, 60)
    assert isinstance(outcome, str)
    assert said in outcome


def test_a_model_that_answers_otherwise_is_counted(package: tuple[Settings, Release, Path]) -> None:
    _, _, folder = package
    questions = folder / "src" / "questions.json"
    questions.write_text(questions.read_text().replace('"101"', '"102"'))
    outcome = start_clean(folder, 60)
    assert isinstance(outcome, CleanStart)
    assert outcome.answers < outcome.expected


def test_a_bundle_with_a_corrupt_index_does_not_read(built: tuple[Settings, BuiltBento], tmp_path: Path) -> None:
    shutil.copytree(built[1].path / "src" / "bundle", tmp_path / "bundle")
    flip_a_byte(tmp_path / "bundle" / "index.ann")
    with pytest.raises(BundleError, match=r"index\.ann is damaged"):
        read_bundle(tmp_path / "bundle")
