"""Who serves a bundle's bytes, and the md5 that they are held against, does not get another one used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.access.bundle_seal import make_seal
from components.adapters.dvc.folder_md5 import dvc_folder_md5
from components.config.settings import Settings
from jobs.access.seal_bundles import seal_bundle, why_not_ours
from jobs.wiring.workbench import Workbench
from tests.worlds import make_bundle


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(Settings(home=tmp_path / "home")) as bench:
        bench.store.migrate()
        yield bench


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "bundle")


def test_what_the_pipeline_made_is_taken(bench: Workbench, bundle: Path) -> None:
    seal_bundle(bench, dvc_folder_md5(bundle), bundle)
    assert why_not_ours(bench, dvc_folder_md5(bundle), bundle) is None


def test_a_changed_bundle_is_refused_also_where_the_md5_is_changed_with_it(bench: Workbench, bundle: Path) -> None:
    first = dvc_folder_md5(bundle)
    seal_bundle(bench, first, bundle)
    (bundle / "items.json").write_text("[]")
    assert "not those that were sealed" in str(why_not_ours(bench, first, bundle))
    assert "never sealed" in str(why_not_ours(bench, dvc_folder_md5(bundle), bundle))


@pytest.mark.parametrize("change", ["added", "renamed", "gone"])
def test_a_file_more_less_or_elsewhere_is_a_change(bench: Workbench, bundle: Path, change: str) -> None:
    md5 = dvc_folder_md5(bundle)
    seal_bundle(bench, md5, bundle)
    if change == "added":
        (bundle / "more.py").touch()
    elif change == "renamed":
        (bundle / "items.json").rename(bundle / "things.json")
    else:
        (bundle / "items.json").unlink()
    assert why_not_ours(bench, md5, bundle) is not None


def test_a_seal_that_was_made_without_the_stacks_secret_is_none(bench: Workbench, bundle: Path) -> None:
    md5 = dvc_folder_md5(bundle)
    seal_bundle(bench, md5, bundle)
    honest = bench.store.seals.find(md5)
    assert honest is not None
    bench.store.seals.put(make_seal(b"a guess", md5, honest.sha256, 1.0))
    assert "not of this stack's secret" in str(why_not_ours(bench, md5, bundle))


def test_a_seal_of_another_bundle_seals_nothing_else(bench: Workbench, bundle: Path, tmp_path: Path) -> None:
    other = make_bundle(tmp_path / "other")
    (other / "note.json").write_text(json.dumps("other"))
    for each in (bundle, other):
        seal_bundle(bench, dvc_folder_md5(each), each)
    assert "not those that were sealed" in str(why_not_ours(bench, dvc_folder_md5(bundle), other))
