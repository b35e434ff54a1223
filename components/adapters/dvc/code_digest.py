"""Computes one digest of the code that the pipeline's stages, or the service, run: changed code is another digest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

STAGE_FOLDERS = ("components", "stages")
SERVING_FOLDERS = ("components", "monitoring", "bentos")


def code_digest(project: Path, folders: Sequence[str] = STAGE_FOLDERS) -> str:
    """16 hex digits over the paths and contents of every `*.py` under `folders` of `project`.

    Independent of where the project lies, of file times and of the order of the file system.
    """
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted((project / folder).rglob("*.py")):
            digest.update(path.relative_to(project).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
