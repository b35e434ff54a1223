"""Decides whether a canary does harm, from what it and the live release answered over the same minutes.

Four guardrails: errors, empty lists, slow answers, clicks. Each is harmed when the canary is worse by more than its
margin and that cannot well be chance: its one-sided p-value is at most the share of one family-wise level that falls to
each guardrail, step and look (Bonferroni). Late figures such as NDCG are no guardrails: they are not there yet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, ndtr

from components.config.promotion import Canary
from components.rollout.slow_answers import TimedAnswers, measure_slowness

GUARDRAILS = ("errors", "empty lists", "slow answers", "clicks")


@dataclass(frozen=True)
class Arm:
    """What one release answered in a step.

    Attributes:
        users: a small number, from 0, for the user of each answered list, (n_answers,).
        at: when each was asked for, seconds since 1970, (n_answers,).
        milliseconds: how long each took, (n_answers,).
        empty: whether the list held no item, (n_answers,).
        clicked: whether something in it was clicked, (n_answers,).
        asked, failed: requests that the gateway sent there, and those that were answered with an error or not at all.
    """

    users: NDArray[np.int64]
    at: NDArray[np.float64]
    milliseconds: NDArray[np.float64]
    empty: NDArray[np.bool_]
    clicked: NDArray[np.bool_]
    asked: int
    failed: int

    @property
    def n_users(self) -> int:
        """Users who were answered."""
        return _distinct(self.users)

    @property
    def requests(self) -> int:
        """Requests that say something: those answered with a list, or failed."""
        return len(self.users) + self.failed


@dataclass(frozen=True)
class CanaryGuardrail:
    """One figure of the canary (`canary`) beside the live release's (`live`); NaN where there is nothing to compute.

    `doubtful` says that it is worse, but perhaps for a reason that lies not in the release and passes: look again.
    """

    name: str
    live: float
    canary: float
    p_value: float
    harmed: bool
    explanation: str
    doubtful: bool = False


@dataclass(frozen=True)
class CanaryJudgement:
    """What a look at a canary found."""

    live_requests: int
    canary_requests: int
    canary_users: int
    guardrails: tuple[CanaryGuardrail, ...]
    empty_beside_full: tuple[str, ...]

    @property
    def harm(self) -> str | None:
        """Why the canary has to go, or None."""
        said = [each.explanation for each in self.guardrails if each.harmed]
        if self.empty_beside_full:
            shown = ", ".join(repr(user) for user in self.empty_beside_full[:3])
            said.insert(0, f"an empty list for user {shown}, who gets a full one from the live release")
        return "; ".join(said) or None

    @property
    def doubt(self) -> str | None:
        """What has to be looked at again before the canary may go on, or None."""
        return "; ".join(each.explanation for each in self.guardrails if each.doubtful) or None


def looks_of(canary: Canary) -> int:
    """How often a canary is looked at in all."""
    return len(canary.steps) * canary.looks_per_step


def judge_canary(
    live: Arm, canary: Arm, empty_beside_full: Sequence[str], limits: Canary, looks: Sequence[float]
) -> CanaryJudgement:
    """Hold the canary against the live release.

    Args:
        empty_beside_full: users to whom the canary gave no item where the live release gives some; one is enough,
            whatever the statistics.
        looks: when the step began, and when each look at it was taken, the newest last (seconds since 1970).
    """
    level = limits.alpha / (len(GUARDRAILS) * looks_of(limits))
    guardrails = (
        _errors(live, canary, limits, level),
        _empty(live, canary, limits, level),
        _slow(live, canary, limits, level, looks),
        _clicks(live, canary, limits, level),
    )
    return CanaryJudgement(live.requests, canary.requests, canary.n_users, guardrails, tuple(empty_beside_full))


def _errors(live: Arm, canary: Arm, limits: Canary, level: float) -> CanaryGuardrail:
    shares = _share(live.failed, live.asked), _share(canary.failed, canary.asked)
    p_value = _excess_p_value(live.failed, live.asked, canary.failed, canary.asked)
    harmed = p_value <= level and shares[1] - shares[0] > limits.max_error_increase
    said = (
        f"errors: {shares[1]:.2%} of {canary.asked} requests, live {shares[0]:.2%} of {live.asked}, p = {p_value:.2g}"
    )
    return CanaryGuardrail("errors", *shares, p_value, harmed, said)


def _empty(live: Arm, canary: Arm, limits: Canary, level: float) -> CanaryGuardrail:
    """By user, as who gets one empty list gets more of them."""
    empty = _distinct(live.users[live.empty]), _distinct(canary.users[canary.empty])
    shares = _share(empty[0], live.n_users), _share(empty[1], canary.n_users)
    p_value = _excess_p_value(empty[0], live.n_users, empty[1], canary.n_users)
    harmed = p_value <= level and shares[1] - shares[0] > limits.max_empty_increase
    said = f"empty lists: {shares[1]:.2%} of {canary.n_users} users, live {shares[0]:.2%}, p = {p_value:.2g}"
    return CanaryGuardrail("empty lists", *shares, p_value, harmed, said)


def _slow(live: Arm, canary: Arm, limits: Canary, level: float, looks: Sequence[float]) -> CanaryGuardrail:
    """Harmed when more than 5 % of the answers take longer than the live p95 and its margin allow, whenever one looks.

    A canary that is slow in some looks only, or in too few to tell, is in doubt.
    """
    timed_live, timed = (TimedAnswers(each.users, each.at, each.milliseconds) for each in (live, canary))
    found = measure_slowness(timed_live, timed, looks, limits.max_p95_ratio, limits.p95_floor_ms)
    if found is None:
        return CanaryGuardrail("slow answers", math.nan, math.nan, 1.0, False, "slow answers: too few to tell")
    harmed = found.calm <= level
    doubtful = not harmed and (found.newest <= level or (not found.settled and found.whole <= level))
    said = (
        f"slow answers: p95 {found.canary_p95:.1f} ms, live {found.live_p95:.1f} ms, at most {found.bar:.1f} ms, "
        f"p = {found.calm:.2g}"
    )
    if not harmed and found.whole <= level:
        said += ", in some blocks of time alone: so far a burst on the slot, not the release"
    return CanaryGuardrail("slow answers", found.live_p95, found.canary_p95, found.calm, harmed, said, doubtful)


def _clicks(live: Arm, canary: Arm, limits: Canary, level: float) -> CanaryGuardrail:
    """Clicked lists per answered list, with the user as unit.

    The variance is that of all users together: with the canary's own, a handful of users without a click would have
    none, and look like proof.
    """
    if not len(live.users) or not len(canary.users) or not (live.clicked.any() or canary.clicked.any()):
        return CanaryGuardrail("clicks", math.nan, math.nan, 1.0, False, "clicks: none to compare")
    clicked, lists = [], []
    for arm in (live, canary):
        clicked.append(_per_user(arm.users, arm.clicked))
        lists.append(_per_user(arm.users, np.ones(len(arm.users), bool)))
    rates = float(clicked[0].sum() / lists[0].sum()), float(clicked[1].sum() / lists[1].sum())
    users = [len(each) for each in lists]
    spread = _ratio_variance(np.concatenate(clicked), np.concatenate(lists)) * sum(users)
    error = math.sqrt(spread * (1 / users[0] + 1 / users[1]))
    p_value = float(ndtr((rates[1] - rates[0]) / error)) if error > 0 else 1.0
    harmed = p_value <= level and rates[1] < rates[0] * (1 - limits.max_click_drop)
    said = f"clicks: {rates[1]:.2%} of {len(canary.users)} lists, live {rates[0]:.2%}, p = {p_value:.2g}"
    return CanaryGuardrail("clicks", *rates, p_value, harmed, said)


def _excess_p_value(live: int, of_live: int, canary: int, of_canary: int) -> float:
    """Of as many or more of all cases falling to the canary, if both arms had the same rate (exact, conditional)."""
    if not canary or not of_canary:
        return 1.0
    return float(bdtrc(canary - 1, live + canary, of_canary / (of_live + of_canary)))


def _ratio_variance(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> float:
    """Variance of the ratio of sums over independent users (delta method); both (n_users,)."""
    ratio = numerator.sum() / denominator.sum()
    residual = (numerator - ratio * denominator) / denominator.mean()
    return float(np.mean(residual**2) / len(residual))


def _per_user(users: NDArray[np.int64], counted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How many of each user's answers count, (n_users,), in the order of the users' numbers."""
    there = np.bincount(users) > 0
    return np.asarray(np.bincount(users, weights=counted)[there], dtype=np.float64)


def _distinct(users: NDArray[np.int64]) -> int:
    return int(np.count_nonzero(np.bincount(users)))


def _share(part: int, of: int) -> float:
    return part / of if of else 0.0
