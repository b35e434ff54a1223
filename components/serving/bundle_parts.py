"""Reads single files of a bundle without the rest of it, for those who look at a release and do not serve it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from components.serving.bundle import EXPECTED_ANSWERS, HISTORY_ITEMS, HISTORY_OFFSETS, USERS, BundleError


def read_expected_users(folder: Path) -> list[str]:
    """The users of the expected answers, without reading the rest; raises BundleError where the file is missing."""
    try:
        return [str(row["user_id"]) for row in json.loads((folder / EXPECTED_ANSWERS).read_text())]
    except FileNotFoundError as error:
        raise BundleError(f"{error.filename} is missing") from error


def read_seen(folder: Path, user_id: str) -> tuple[int, ...] | None:
    """The item rows that training knows of a user, without reading the rest of the bundle; None for a stranger.

    Raises:
        BundleError: a file is missing.
    """
    try:
        row = _user_rows(folder / USERS).get(user_id)
        if row is None:
            return None
        offsets, items = (np.load(folder / name, mmap_mode="r") for name in (HISTORY_OFFSETS, HISTORY_ITEMS))
    except FileNotFoundError as error:
        raise BundleError(f"{error.filename} is missing") from error
    return tuple(items[int(offsets[row]) : int(offsets[row + 1])].tolist())


def count_knowing(folder: Path, item: int) -> int:
    """How many users met this item row in training; raises BundleError where a file is missing."""
    try:
        return int((np.load(folder / HISTORY_ITEMS, mmap_mode="r") == item).sum())
    except FileNotFoundError as error:
        raise BundleError(f"{error.filename} is missing") from error


@lru_cache(maxsize=2)
def _user_rows(path: Path) -> dict[str, int]:
    return {user_id: row for row, user_id in enumerate(json.loads(path.read_text()))}
