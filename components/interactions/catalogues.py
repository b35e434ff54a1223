"""Decides which feedback belongs to which catalogue: to the one that was live when it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class LiveCatalogue:
    """From `since` on, seconds since 1970, `catalogue` was live; None where nobody knows any more which."""

    since: float
    catalogue: str | None


def belongs(received_at: pd.Series[float], live: Sequence[LiveCatalogue], catalogue: str) -> pd.Series[bool]:
    """For each feedback whether it is about the items of `catalogue`; `live` is in the order of time.

    What came before anything was live, or while something was that nobody knows any more, is about the catalogue that
    is asked for: there is no sign of another one.
    """
    if not live:
        return pd.Series(True, index=received_at.index)
    place = np.searchsorted([each.since for each in live], received_at.to_numpy(), side="right") - 1
    names = np.array([each.catalogue or catalogue for each in live], dtype=object)
    same = (place < 0) | (names[np.maximum(place, 0)] == catalogue)
    return pd.Series(same, index=received_at.index)
