from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from dvc.repo import Repo

from components.adapters.dvc.data_registry import (
    DataRegistry,
    DataRegistryError,
    NothingChanged,
    UnknownVersionError,
    fetch_version,
)
from components.adapters.dvc.folder_md5 import dvc_folder_md5
from components.interactions.data_version import Provenance
from tests.ingest_worlds import added, git, screened, settings_in, sha256s, version_tags

PROJECT = Path(__file__).resolve().parents[4]
FILES = ["interactions.parquet", "items.parquet", "manifest.json", "quarantine.csv", "users.parquet"]


@pytest.fixture(autouse=True)
def _no_git_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))


def test_each_change_is_one_version_with_a_manifest_of_what_it_holds(tmp_path: Path) -> None:
    registry = DataRegistry(settings_in(tmp_path))
    assert registry.versions() == []
    assert registry.latest() is None
    assert [added(registry, 100), added(registry, 120)] == ["data-v1", "data-v2"]
    first, second = registry.versions()
    assert (first.tag, first.manifest.interactions, second.manifest.interactions) == ("data-v1", 100, 120)
    assert (first.manifest.items, first.manifest.users, first.manifest.quarantined) == (50, 20, 0)
    assert f"{first.manifest.first:%Y-%m-%d %H:%M}" == "2016-01-01 00:00"
    assert registry.latest() == second
    assert git(tmp_path / "registry", "status", "--porcelain") == ""


def test_an_ingest_that_changes_nothing_makes_no_version(tmp_path: Path) -> None:
    registry = DataRegistry(settings_in(tmp_path))
    added(registry, 100)
    outcome = registry.add_version(screened(100), Provenance("the same under another name", "100%"))
    assert isinstance(outcome, NothingChanged)
    assert outcome.version.tag == "data-v1"
    assert version_tags(registry) == ["data-v1"]


def test_a_version_of_two_ingests_ago_comes_back_byte_for_byte(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    registry = DataRegistry(settings)
    added(registry, 100)
    before = sha256s(settings.registry_folder / "data")
    added(registry, 110)
    added(registry, 120)
    version = fetch_version(settings, "data-v1", tmp_path / "out")
    found = sha256s(tmp_path / "out")
    assert sorted(found) == FILES
    assert {name: digest for name, digest in found.items() if name != "manifest.json"} == before
    assert version.manifest.files == before
    (tmp_path / "out" / "manifest.json").unlink()
    assert dvc_folder_md5(tmp_path / "out") == version.md5
    assert len(pd.read_parquet(tmp_path / "out" / "interactions.parquet")) == 100


@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_without_a_whole_cache_the_bytes_come_from_the_remote(tmp_path: Path, harm: str) -> None:
    settings = settings_in(tmp_path)
    added(DataRegistry(settings), 100)
    if harm == "lost":
        shutil.rmtree(settings.dvc_cache_folder)
    else:
        for path in settings.dvc_cache_folder.rglob("*"):
            if path.is_file() and path.suffix != ".dir":
                path.chmod(0o644)
                path.write_bytes(b"damaged")
    DataRegistry(settings).get("data-v1", tmp_path / "out")
    assert sorted(sha256s(tmp_path / "out")) == FILES


def test_bytes_that_are_nowhere_are_an_error_and_leave_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    added(DataRegistry(settings), 100)
    shutil.rmtree(settings.dvc_cache_folder)
    shutil.rmtree(settings.dvc_remote)
    with pytest.raises(DataRegistryError, match="data-v1"):
        DataRegistry(settings).get("data-v1", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unknown_tag_is_an_error_that_lists_the_known_ones(tmp_path: Path) -> None:
    registry = DataRegistry(settings_in(tmp_path))
    with pytest.raises(UnknownVersionError, match="there is none yet"):
        registry.find("data-v1")
    added(registry, 100)
    added(registry, 110)
    with pytest.raises(UnknownVersionError, match=r"no version 'data-v7'; there are data-v1, data-v2"):
        registry.get("data-v7", tmp_path / "out")


def test_getting_a_version_leaves_other_files_of_the_folder_alone(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home")
    added(DataRegistry(settings), 100)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    fetch_version(settings, "data-v1", tmp_path / "out")
    assert sorted(sha256s(tmp_path / "out")) == sorted([*FILES, "mine.txt"])


def test_what_a_killed_ingest_left_uncommitted_is_dropped(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    registry = DataRegistry(settings)
    added(registry, 100)
    folder = settings.registry_folder
    (folder / "data.dvc").write_text("outs: half")
    (folder / "manifest.json").write_text("{")
    git(folder, "add", "--all")
    for lock in ("index.lock", "HEAD.lock", "refs/heads/main.lock"):
        (folder / ".git" / lock).touch()
    shutil.rmtree(folder / "data")
    assert version_tags(registry) == ["data-v1"]
    assert added(registry, 110) == "data-v2"
    assert git(folder, "status", "--porcelain") == ""


def test_a_commit_that_a_kill_left_without_its_tag_is_tagged(tmp_path: Path) -> None:
    registry = DataRegistry(settings_in(tmp_path))
    added(registry, 100)
    added(registry, 110)
    git(tmp_path / "registry", "tag", "--delete", "data-v2")
    assert isinstance(registry.add_version(screened(110), Provenance("test")), NothingChanged)
    assert added(registry, 120) == "data-v3"
    assert version_tags(registry) == ["data-v1", "data-v2", "data-v3"]


def test_a_version_checked_out_by_hand_does_not_disturb_the_next_ingest(tmp_path: Path) -> None:
    registry = DataRegistry(settings_in(tmp_path))
    added(registry, 100)
    added(registry, 110)
    git(tmp_path / "registry", "checkout", "--quiet", "data-v1")
    assert added(registry, 120) == "data-v3"
    assert git(tmp_path / "registry", "log", "--format=%s", "main").splitlines()[0] == "data-v3: test"


def test_a_remote_that_fails_means_no_version_and_the_next_ingest_makes_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    broken = settings_in(tmp_path / "home", dvc_remote_url=str(tmp_path / "file" / "remote"))
    with pytest.raises(DataRegistryError, match="dvc push"):
        added(DataRegistry(broken), 100)
    assert version_tags(DataRegistry(broken)) == []
    assert added(DataRegistry(settings_in(tmp_path / "home")), 100) == "data-v1"


def test_a_busy_dvc_is_waited_for(tmp_path: Path) -> None:
    registry = DataRegistry(settings_in(tmp_path))
    added(registry, 100)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from dvc.repo import Repo; repo = Repo(sys.argv[1]); repo.lock.lock();"
            "print('held', flush=True); time.sleep(1); repo.lock.unlock()",
            str(tmp_path / "registry"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == "held\n"
        assert added(registry, 110) == "data-v2"


def test_the_registry_needs_no_configuration_of_git_or_dvc_and_sends_no_analytics(tmp_path: Path) -> None:
    added(DataRegistry(settings_in(tmp_path)), 100)
    assert git(tmp_path / "registry", "log", "-1", "--format=%an %D").strip() == "recops HEAD -> main, tag: data-v1"
    with Repo(str(tmp_path / "registry")) as repo:
        assert repo.config["core"]["analytics"] is False
        assert repo.config["core"]["remote"] == "storage"
