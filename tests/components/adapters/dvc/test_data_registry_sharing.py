from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.adapters.dvc.data_registry import DataRegistry, DataRegistryError, NothingChanged, VersionAdded
from components.interactions.data_version import Provenance
from tests.ingest_worlds import added, git, screened, settings_in, sha256s, version_tags

PROJECT = Path(__file__).resolve().parents[4]

INGEST = (
    "import sys; from tests.ingest_worlds import *; from pathlib import Path;"
    "from components.adapters.dvc.data_registry import DataRegistry; import dvc.repo;"
    "data = screened(int(sys.argv[2])); print('ready', flush=True);"
    "DataRegistry(settings_in(Path(sys.argv[1]))).add_version(data, Provenance('test'))"
)


def start_ingest(home: Path, n: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", INGEST, str(home), str(n)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_ingests_at_the_same_time_take_turns(tmp_path: Path) -> None:
    running = [start_ingest(tmp_path, n) for n in (100, 110, 120)]
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    registry = DataRegistry(settings_in(tmp_path))
    assert version_tags(registry) == ["data-v1", "data-v2", "data-v3"]
    assert sorted(version.manifest.interactions for version in registry.versions()) == [100, 110, 120]


def test_an_ingest_killed_at_any_moment_leaves_a_registry_that_the_next_one_can_use(tmp_path: Path) -> None:
    registry = DataRegistry(settings_in(tmp_path))
    for number, delay in enumerate((0.02, 0.5, 0.7, 0.1, 0.2), start=1):
        process = start_ingest(tmp_path, 100 + number)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay)
        process.kill()
        process.communicate()
    added(registry, 200)
    versions = registry.versions()
    assert versions[-1].manifest.interactions == 200
    for version in versions:
        registry.get(version.tag, tmp_path / version.tag)


def shared_repository(folder: Path) -> dict[str, str]:
    """Settings of a Git repository and a DVC remote that several machines share."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder / "git"], check=True)
    return {"data_registry_url": str(folder / "git"), "dvc_remote_url": str(folder / "dvc")}


def test_a_fresh_clone_with_an_empty_cache_gives_every_version_back(tmp_path: Path) -> None:
    shared = shared_repository(tmp_path)
    first = DataRegistry(settings_in(tmp_path / "first", **shared))
    added(first, 100)
    added(first, 110)
    second = DataRegistry(settings_in(tmp_path / "second", **shared))
    assert second.get("data-v1", tmp_path / "out") == first.find("data-v1")
    assert version_tags(second) == ["data-v1", "data-v2"]
    assert isinstance(second.add_version(screened(110), Provenance("test")), NothingChanged)
    assert added(second, 120) == "data-v3"
    assert first.get("data-v3", tmp_path / "out").manifest.interactions == 120
    assert added(first, 130) == "data-v4"


def test_dvc_get_by_hand_from_the_shared_repository_gives_the_same_bytes(tmp_path: Path) -> None:
    shared = shared_repository(tmp_path)
    outcome = DataRegistry(settings_in(tmp_path / "home", **shared)).add_version(screened(100), Provenance("test"))
    assert isinstance(outcome, VersionAdded)
    command = [sys.executable, "-m", "dvc", "get", str(tmp_path / "git"), "data", "--rev", "data-v1", "-o", "got"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert sha256s(tmp_path / "got") == outcome.version.manifest.files


def test_a_version_that_could_not_be_shared_is_not_made(tmp_path: Path) -> None:
    shared = shared_repository(tmp_path)
    registry = DataRegistry(settings_in(tmp_path / "home", **shared))
    added(registry, 100)
    hook = tmp_path / "git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(DataRegistryError, match="could not be shared"):
        added(registry, 110)
    assert version_tags(registry) == ["data-v1"]
    hook.unlink()
    assert added(registry, 110) == "data-v2"


def test_a_kill_before_sharing_is_made_good_unless_another_machine_was_faster(tmp_path: Path) -> None:
    shared = shared_repository(tmp_path)
    first = DataRegistry(settings_in(tmp_path / "first", **shared))
    added(first, 100)
    second = DataRegistry(settings_in(tmp_path / "second", **shared))
    added(second, 110)
    git(tmp_path / "git", "update-ref", "refs/heads/main", "data-v1")
    git(tmp_path / "git", "tag", "--delete", "data-v2")
    assert isinstance(second.add_version(screened(110), Provenance("test")), NothingChanged)
    assert git(tmp_path / "git", "tag", "--list").split() == ["data-v1", "data-v2"]

    git(tmp_path / "git", "update-ref", "refs/heads/main", "data-v1")
    git(tmp_path / "git", "tag", "--delete", "data-v2")
    assert added(first, 120) == "data-v2"
    assert added(second, 130) == "data-v3"
    assert [version.manifest.interactions for version in second.versions()] == [100, 120, 130]
