"""Digests the files of a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_sha256s(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file under `folder`, by its path inside the folder (with `/`)."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
