"""Finds the files below a folder, whatever comes and goes beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def files_in(folder: Path, passing_over: str | None = None) -> Iterator[Path]:
    """Every file under `folder` but those in folders named `passing_over`, which are not even looked into."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != passing_over]
        yield from (path for name in names if (path := Path(parent, name)).is_file())
