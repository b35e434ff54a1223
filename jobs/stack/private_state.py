"""Keeps what lies in the state folder from the other users of the machine: feedback, models, logs."""

from __future__ import annotations

import os
from pathlib import Path


def make_private(folder: Path) -> None:
    """Makes `folder` where it is missing, for its owner alone; so is all that this process writes from now on."""
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
