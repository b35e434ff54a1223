"""Judges scores on users kept apart: how often the preferred item has the higher one, and NDCG beside the ranker's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.metrics.bootstrap import Interval, mean_interval, paired_difference
from components.metrics.ranking import ndcg
from components.reranking.tuning.preferences import ItemPreference, LikedList

K = 10
SAMPLES, CONFIDENCE = 2_000, 0.95
Scored = NDArray[np.floating]


@dataclass(frozen=True)
class AgainstRanker:
    """NDCG@10 by user (a mean over their lists), of the tuned order and of the ranker's own, and their difference."""

    n_users: int
    tuned: Interval
    ranker: Interval
    difference: Interval


def pair_accuracy(preferences: Sequence[ItemPreference], scores: Sequence[Scored], seed: int) -> Interval:
    """Share of what was passed over that scores lower than the preferred, a tie as a half; a mean over users.

    Args:
        scores: of each preference's documents, the preferred first. Chance is .5.
    """
    by_user: dict[str, list[float]] = defaultdict(list)
    for one, values in zip(preferences, scores, strict=True):
        by_user[one.user] += [float((values[0] > other) + 0.5 * (values[0] == other)) for other in values[1:]]
    shares = np.array([np.mean(won) for won in by_user.values()])
    return mean_interval(shares, np.random.default_rng(seed), SAMPLES, CONFIDENCE)


def against_ranker(lists: Sequence[LikedList], scores: Sequence[Scored], seed: int) -> AgainstRanker:
    """The lists by these scores beside the lists as they are, in pairs; ties keep the ranker's order."""
    both: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one, values in zip(lists, scores, strict=True):
        liked = np.array(one.liked)
        both[one.user].append((_ndcg(liked[np.argsort(-np.asarray(values), kind="stable")]), _ndcg(liked)))
    means = np.array([np.mean(pairs, axis=0) for pairs in both.values()]).reshape(-1, 2)

    def drawn() -> np.random.Generator:
        return np.random.default_rng(seed)

    tuned, ranker = (mean_interval(means[:, place], drawn(), SAMPLES, CONFIDENCE) for place in (0, 1))
    difference = paired_difference(means[:, 0], means[:, 1], drawn(), SAMPLES, CONFIDENCE)
    return AgainstRanker(len(means), tuned, ranker, difference)


def _ndcg(liked: NDArray[np.bool_]) -> float:
    top = np.zeros((1, K), bool)
    top[0, : min(len(liked), K)] = liked[:K]
    return float(ndcg(top, np.array([int(liked.sum())]))[0])
