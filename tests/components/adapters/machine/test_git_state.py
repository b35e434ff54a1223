"""Laws of the state of a Git work tree."""

from __future__ import annotations

from pathlib import Path

from components.adapters.dvc.git_repository import GitRepository
from components.adapters.machine.git_state import GitState, commit_of


def test_a_commit_is_named_and_any_change_after_it_is_dirty(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    repository.create()
    assert commit_of(tmp_path) == GitState("unknown", dirty=True)
    (tmp_path / ".gitignore").write_text("ignored\n")
    repository.run("add", "--all")
    repository.run("commit", "--message", "first")
    clean = commit_of(tmp_path)
    assert (len(clean.commit), clean.dirty) == (40, False)
    (tmp_path / "ignored").touch()
    assert commit_of(tmp_path) == clean
    (tmp_path / "new").touch()
    assert str(commit_of(tmp_path)) == f"{clean.commit}-dirty"


def test_a_folder_without_git_is_unknown(tmp_path: Path) -> None:
    assert commit_of(tmp_path) == GitState("unknown", dirty=True)
