"""Decides which groups of features a ranker takes: those that order the choosing cut better, by more than chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.ranking.feature_groups import GroupName
from components.ranking.learned_ranker import LearnedRanker

DOUBT = 2.0
"""Standard errors, over users, by which a group must gain; another seed of the trees moves the mean by about one."""


@dataclass(frozen=True)
class ChosenGroups:
    """The groups that a ranker takes, the trial that has them, and what each group gained in mean NDCG when tried."""

    taken: tuple[GroupName, ...]
    trial: LearnedRanker
    gains: Mapping[GroupName, float]


def choose_groups(
    groups: Sequence[GroupName],
    train: Callable[[tuple[GroupName, ...]], LearnedRanker | None],
    judge: Callable[[LearnedRanker], NDArray[np.floating]],
) -> ChosenGroups | None:
    """Tries `groups` in their order, each beside those taken before it; None where there is too little to learn from.

    Args:
        train: a ranker that sees these groups besides what every ranker sees.
        judge: the NDCG of each user, in lists ordered by a ranker.
    """
    trial = train(())
    if trial is None:
        return None
    taken: tuple[GroupName, ...] = ()
    gains: dict[GroupName, float] = {}
    best = judge(trial) if groups else np.empty(0)
    for group in groups:
        other = train((*taken, group))
        assert other is not None  # noqa: S101 the same users teach it
        quality = judge(other)
        gain = quality - best
        gains[group] = float(gain.mean()) if len(gain) else 0.0
        if len(gain) > 1 and gain.mean() > DOUBT * gain.std(ddof=1) / np.sqrt(len(gain)):
            taken, trial, best = (*taken, group), other, quality
    return ChosenGroups(taken, trial, gains)
