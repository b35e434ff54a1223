"""Joins what a request asks for in words with the asker's own ranking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.protocol import Ranking, Scores
from components.serving.catalogue_wishes import CatalogueWishes
from components.wishes.fitting import Fitting
from components.wishes.wish import Wish, Wishes

PERSONAL = np.float32(0.6)
"""What the first place of the asker's own ranking counts beside wishes that order, each of which counts 1 at most."""
EVERYBODY = np.float32(0.2)
"""What it counts where nothing is known of the asker, so that their own ranking is everybody's."""
LIKED = np.float32(0.1)
"""What the best liked item counts, whoever asks; it orders what the own ranking does not reach."""
HALF_LIFE = 60.0
"""At this place of the own ranking half of it is left."""


@dataclass(frozen=True)
class Said:
    """What was made of the words of a request.

    Attributes:
        loosened: the wishes that were given up because too few items fulfil all of them.
        met: the rows that the asker met last, oldest first.
    """

    wishes: Wishes
    kept: tuple[Wish, ...]
    loosened: tuple[Wish, ...]
    met: tuple[int, ...]

    def understood(self) -> list[dict[str, Any]]:
        """Every wish in words and as data, and whether it had to be given up."""
        given_up = set(self.loosened)
        return [{"words": wish.words(), **wish.data(), "loosened": wish in given_up} for wish in self.wishes.wishes]


def rank_asked(
    catalogue: CatalogueWishes,
    wishes: Wishes,
    met: tuple[int, ...],
    exclude: NDArray[np.integer],
    n_candidates: int,
    k: int,
    personal: Callable[[NDArray[np.integer]], Ranking],
    known: bool,
) -> tuple[Ranking, Said]:
    """The best `n_candidates` items that fit `wishes`, without the rows of `exclude`.

    `personal` ranks for the asker without the rows that it is given; `known` says whether it knows more than everybody.
    What only filters keeps that order. What orders as well (a likeness, a meaning) brings items of its own, and both
    count.
    """
    fitting = catalogue.fit(wishes.wishes, met, k, exclude)
    own = personal(np.flatnonzero(~fitting.fits).astype(np.int32))
    said = Said(wishes, fitting.kept, fitting.loosened, met)
    weight = PERSONAL if known else EVERYBODY
    return _joined(own, weight, fitting, catalogue.search.liked, n_candidates), said


def _joined(own: Ranking, weight: np.float32, fitting: Fitting, liked: Scores, n_candidates: int) -> Ranking:
    scores: Scores = np.full(len(fitting.fits), -np.inf, np.float32)
    rows = np.flatnonzero(fitting.fits)
    scores[rows] = fitting.scores[rows] + LIKED * liked[rows]
    places = np.arange(len(own), dtype=np.float32)
    scores[own.items] += weight * np.exp2(-places / np.float32(HALF_LIFE))
    out = np.flatnonzero(~np.isfinite(scores)).astype(np.int32)
    return top_k_of_scores(scores, n_candidates, out)
