"""Laws of sharing the data registry: what cannot be shared is undone, and no password goes into Git or a message."""

from __future__ import annotations

import subprocess
import traceback
from pathlib import Path

import pytest

from components.adapters.dvc.data_registry import DataRegistry, DataRegistryError
from components.adapters.dvc.git_repository import GitError
from components.adapters.dvc.registry_git import RegistryGit
from components.interactions.data_version import Provenance
from tests.ingest_worlds import git, screened, settings_in


def test_a_version_that_takes_too_long_to_share_is_undone(tmp_path: Path) -> None:
    shared = tmp_path / "git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", shared], check=True)
    settings = settings_in(tmp_path / "home", data_registry_url=str(shared))
    RegistryGit(settings).create_if_missing()
    before = git(settings.registry_folder, "rev-parse", "HEAD")
    hook = shared / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nsleep 60\n")
    hook.chmod(0o755)
    for name in (".gitignore", "manifest.json"):
        (settings.registry_folder / name).touch()
    impatient = RegistryGit(settings, timeout_seconds=3)
    with pytest.raises(GitError, match="could not be shared"):
        impatient.commit_version("data-v1", "data-v1: test", ["manifest.json"])
    assert impatient.tags() == []
    assert git(settings.registry_folder, "rev-parse", "HEAD") == before
    assert git(settings.registry_folder, "status", "--porcelain") == ""
    assert git(shared, "for-each-ref") == ""


def test_a_password_of_the_dvc_remote_stays_out_of_git(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home", dvc_remote_url="webdavs://me:T0KEN,#1@127.0.0.1:9/dvc")
    RegistryGit(settings).create_if_missing()
    folder = settings.registry_folder
    assert "url = webdavs://127.0.0.1:9/dvc\n" in (folder / ".dvc" / "config").read_text()
    local = folder / ".dvc" / "config.local"
    assert (local.stat().st_mode & 0o777, git(folder, "status", "--porcelain")) == (0o600, "")
    assert "config.local" not in git(folder, "ls-files")
    assert "T0KEN" not in git(folder, "log", "--all", "--patch")
    from dvc.repo import Repo

    with Repo(str(folder)) as repo:  # by hand, DVC still finds the whole address
        assert repo.config["remote"]["storage"]["url"] == "webdavs://me:T0KEN,#1@127.0.0.1:9/dvc"


@pytest.mark.parametrize(
    "broken",
    [
        {"data_registry_url": "https://me:T0KEN@127.0.0.1:9/registry.git"},
        {"dvc_remote_url": "nothing://me:T0KEN@127.0.0.1:9/dvc"},
    ],
)
def test_no_message_of_a_registry_that_cannot_be_reached_tells_a_password(
    tmp_path: Path, broken: dict[str, str]
) -> None:
    settings = settings_in(tmp_path / "home", **broken)
    assert "T0KEN" not in repr(settings)
    with pytest.raises(DataRegistryError) as caught:
        DataRegistry(settings).add_version(screened(10), Provenance("test"))
    assert "T0KEN" not in "".join(traceback.format_exception(caught.value))
