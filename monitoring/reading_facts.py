"""Computes what a reading says of its log beside the comparisons: who came when, how many lists, and what to mind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.experiments.experiment_log import ExperimentLog
from components.experiments.fixed_horizon import Values
from components.experiments.interleaved_log import InterleavedLog
from components.experiments.power import FEW_USERS


@dataclass(frozen=True)
class ReadingFacts:
    """Of a log.

    Attributes:
        first_at: when the users of each variant came (seconds since 1970).
        lists: of the experiment.
        switched: users who were answered by more than one variant though each has one.
        warnings: in words.
    """

    first_at: tuple[Values, ...]
    lists: int
    switched: int
    warnings: tuple[str, ...]


def facts_of(log: ExperimentLog) -> ReadingFacts:
    """Where each user has a variant."""
    first_at = tuple(log.first_at[log.variant == row] for row in range(len(log.variants)))
    warnings = []
    if min(len(each) for each in first_at) < FEW_USERS:
        warnings.append(
            f"fewer than {FEW_USERS:,} users in a variant: with heavy-tailed activity a few users can carry the result"
        )
    if log.switched:
        warnings.append(
            f"{log.switched} users were answered by another variant than their first; those answers are left out"
        )
    warnings += _of_releases(log.release, "the comparison is stratified by them")
    return ReadingFacts(first_at, int(log.inside.sum()), log.switched, tuple(warnings))


def facts_of_drafted(log: InterleavedLog) -> ReadingFacts:
    """Where each list is drafted from both."""
    warnings = ["what people do beside their clicks, as buying or coming back, is nobody's: that takes an A/B test"]
    lists, clicks = len(log.user), int(log.clicks.sum())
    if clicks:
        nobody = int(log.clicks[:, 2].sum()) / clicks
        alike = float((log.began < 0).mean())
        warnings.append(
            f"{nobody:.0%} of the clicks fell where both would show the same, and {alike:.0%} of the lists are alike "
            "throughout: those say nothing"
        )
    warnings += _of_releases(log.release, "each list compares two variants of one release")
    return ReadingFacts((log.first_at, log.first_at), lists, 0, tuple(warnings))


def _of_releases(release: NDArray[np.str_], so: str) -> list[str]:
    releases = len(np.unique(release))
    return [f"users entered under {releases} releases; {so}"] if releases > 1 else []
