"""The saved form of a fitted recommender: one JSON file and plain .npy arrays, without a time in any byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.recommenders.protocol import RecommenderError

HEADER = "recommender.json"


def write_arrays(folder: Path, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write `header` and each array under its name; the same values always give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HEADER).write_text(json.dumps(header, sort_keys=True, ensure_ascii=False, indent=1) + "\n")
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)


def read_header(folder: Path) -> dict[str, Any]:
    """The header of a saved recommender; its key `form` names the class that reads the rest.

    Raises:
        RecommenderError: the file is missing or is not a JSON object.
    """
    path = folder / HEADER
    try:
        header = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise RecommenderError(f"{path} cannot be read: {error}") from error
    if not isinstance(header, dict):
        raise RecommenderError(f"{path} holds no JSON object")
    return header


def read_array(folder: Path, name: str) -> NDArray[Any]:
    """One array of a saved recommender.

    Raises:
        RecommenderError: the file is missing or is not a plain array.
    """
    path = folder / f"{name}.npy"
    try:
        array: NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise RecommenderError(f"{path} cannot be read: {error}") from error
    return array
