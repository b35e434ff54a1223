"""Laws of the code digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.adapters.dvc.code_digest import code_digest


def project(folder: Path) -> Path:
    for name in ("components/a.py", "components/deep/b.py", "stages/train.py", "flows/retrain.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_the_place_of_the_project_does_not_matter(tmp_path: Path) -> None:
    assert code_digest(project(tmp_path / "here")) == code_digest(project(tmp_path / "there"))


@pytest.mark.parametrize(
    ("path", "text", "changes"),
    [
        ("components/deep/b.py", "other", True),
        ("components/new.py", "", True),
        ("stages/train.py", "other", True),
        ("flows/retrain.py", "other", False),
        ("components/notes.txt", "other", False),
        ("components/__pycache__/a.pyc", "other", False),
    ],
)
def test_only_code_that_stages_can_run_changes_it(tmp_path: Path, path: str, text: str, changes: bool) -> None:
    before = code_digest(project(tmp_path))
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(text)
    assert (code_digest(tmp_path) != before) is changes


def test_a_renamed_file_changes_it(tmp_path: Path) -> None:
    before = code_digest(project(tmp_path))
    (tmp_path / "components/a.py").rename(tmp_path / "components/z.py")
    assert code_digest(tmp_path) != before
