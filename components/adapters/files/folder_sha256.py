"""Digests the files of a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from components.adapters.files.folder_files import files_in


def file_sha256s(folder: Path, passing_over: str | None = None) -> dict[str, str]:
    """The SHA-256 of each file under `folder`, by its path inside the folder (with `/`); see `files_in`."""
    found = {}
    for path in files_in(folder, passing_over):
        with path.open("rb") as file:
            found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
