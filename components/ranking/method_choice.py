"""Decides whether a mean, a blend, the ranker or ranker and blend together order what a pipeline finds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from components.ranking.history_ranker import RANKER_SHARES

DOUBT = 0.01
"""By how much a mixture must beat the ranker: the one measured has learnt from part of the cuts alone, and so leans on
the blend more than the one that serves; another seed moves what is measured by .003 as well. Where the one measured
serves there is none."""


def choose_method(qualities: Mapping[str, NDArray[np.float64]], doubt: float) -> str:
    """The method that orders, by what each user's list is worth by each, in the order of `qualities` where equal.

    A mixture must beat the ranker alone by `doubt`; and what has trees must beat what has none by more than the
    standard error of the difference, as a blend of scores loses less where the data are others than those it was
    measured on.
    """
    mean = {method: float(values.mean()) for method, values in qualities.items()}
    plain = max((method for method in mean if method not in RANKER_SHARES), key=lambda method: mean[method])
    learned = [method for method in mean if method in RANKER_SHARES]
    if not learned:
        return plain
    best = max(learned, key=lambda method: mean[method])
    if best != "ranker" and mean["ranker"] > mean[best] - doubt:
        best = "ranker"
    gain = qualities[best] - qualities[plain]
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else np.inf
    return best if float(gain.mean()) > error else plain
