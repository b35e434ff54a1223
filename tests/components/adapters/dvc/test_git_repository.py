"""Laws of running Git: it ends in time, asks nobody, keeps to its own repository and tells no password."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from components.adapters.dvc.git_repository import GitError, GitRepository

SECRET_URL = "https://me:T0KEN@127.0.0.1:9/registry.git"  # nobody answers there


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    repository = GitRepository(tmp_path / "own", timeout_seconds=30)
    repository.create()
    return repository


def test_no_password_of_a_url_is_told(repository: GitRepository) -> None:
    with pytest.raises(GitError, match=r"127\.0\.0\.1:9/registry\.git") as caught:
        repository.run("fetch", SECRET_URL)
    assert "T0KEN" not in "".join(traceback.format_exception(caught.value))


def test_a_command_that_takes_too_long_is_stopped_with_an_error_of_git(
    repository: GitRepository, tmp_path: Path
) -> None:
    impatient = GitRepository(repository.folder, timeout_seconds=0.2)
    with pytest.raises(GitError, match=r"stopped, as it took more than 0\.2 s") as caught:
        impatient.run("-c", "alias.wait=!sleep 60; :", "wait", SECRET_URL)
    assert "T0KEN" not in "".join(traceback.format_exception(caught.value))


def test_nothing_waits_for_an_answer_at_a_terminal(repository: GitRepository) -> None:
    told = repository.run("-c", 'alias.tell=!read line || echo "end of input, $GIT_TERMINAL_PROMPT"; :', "tell")
    assert told.strip() == "end of input, 0"


def test_the_environment_of_a_hook_leads_to_no_other_repository(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = GitRepository(tmp_path / "other")
    other.create()
    for name, value in {
        "GIT_DIR": str(other.folder / ".git"),
        "GIT_WORK_TREE": str(other.folder),
        "GIT_INDEX_FILE": str(other.folder / ".git" / "index"),
        "GIT_OBJECT_DIRECTORY": str(other.folder / ".git" / "objects"),
        "GIT_COMMON_DIR": str(other.folder / ".git"),
        "GIT_NAMESPACE": "theirs",
        "GIT_PREFIX": "theirs/",
        "GIT_AUTHOR_NAME": "somebody",
    }.items():
        monkeypatch.setenv(name, value)
    (repository.folder / "file").touch()
    repository.run("add", "file")
    repository.run("commit", "--quiet", "--message", "first")
    assert repository.run("log", "--format=%an %s").strip() == "recops first"
    assert repository.run("rev-parse", "--show-toplevel").strip() == str(repository.folder)


def test_how_git_signs_in_is_left_to_the_environment(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "asked"
    (tmp_path / "ssh").write_text(f'#!/bin/sh\necho "$@" > {asked}\nexit 1\n')
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(tmp_path / "ssh"))
    with pytest.raises(GitError):
        repository.run("fetch", "git@nowhere:registry.git")
    assert "git@nowhere" in asked.read_text()
