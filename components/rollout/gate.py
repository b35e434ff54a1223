"""Decides whether a trained model may become challenger, from what it and its rivals score on the same users."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.config.evaluate import EvaluateConfig
from components.config.gate import GateConfig
from components.metrics.bootstrap import Interval, paired_difference


@dataclass(frozen=True)
class GateCheck:
    """One question of the gate: `value`, known to lie between `low` and `high`, is held against `limit`."""

    name: str
    passed: bool
    value: float
    low: float
    high: float
    limit: float
    explanation: str


@dataclass(frozen=True)
class Passed:
    """The model may become challenger."""

    checks: tuple[GateCheck, ...]


@dataclass(frozen=True)
class GateRefused:
    """The model may not become challenger; the explanations of the failed checks say why."""

    checks: tuple[GateCheck, ...]

    @property
    def reason(self) -> str:
        return "; ".join(check.explanation for check in self.checks if not check.passed)


@dataclass(frozen=True)
class UserScores:
    """The gate's metric per user, one array per model, the same users in the same order.

    Attributes:
        champion: the champion's recipe trained and tested on the challenger's split; None when there is no champion,
            and the very array of the challenger when the recipes are the same.
        cold: which users are cold; None when that is not known.
        replayed: the metric of users who were answered as if little were known of them, of the challenger and of the
            champion's recipe, in the same order; they count as cold.
        coverage: share of the items that anybody is recommended, of the challenger and of the champion's recipe.
    """

    challenger: NDArray[np.float64]
    popularity: NDArray[np.float64]
    champion: NDArray[np.float64] | None
    cold: NDArray[np.bool_] | None = None
    coverage: tuple[float, float] | None = None
    replayed: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None


def judge_model(
    scores: UserScores, index_recall: float, min_index_recall: float, gate: GateConfig, evaluate: EvaluateConfig
) -> Passed | GateRefused:
    """Every model has to beat popularity, and one with a champion before it may not be much worse than that.

    Both comparisons are paired by user and give a bootstrap interval (as `evaluate` sets it) of the mean difference.
    Against popularity the lower end of the interval has to exceed `gate.min_gain_over_popularity`: it must be shown.
    Against the champion the mean difference has to reach `-gate.max_relative_drop` times the champion's mean, and the
    interval is reported beside it. To ask that of its lower end as well would refuse nearly every changed recipe: on
    the demo's 578 users the interval of two recipes that are equally good is 8 % of the mean wide on each side.
    Without users every comparison is refused.
    """
    rng = np.random.default_rng(evaluate.seed)

    def difference(rival: NDArray[np.float64]) -> Interval:
        return paired_difference(scores.challenger, rival, rng, evaluate.bootstrap_samples, evaluate.confidence)

    checks = [
        _over_popularity(gate, difference(scores.popularity)),
        _index(index_recall, min_index_recall),
    ]
    if scores.champion is not None:
        checks.append(_beside_champion(gate, difference(scores.champion), float(np.mean(scores.champion))))
        mine, theirs = _of_cold(scores, scores.champion)
        if len(mine) >= gate.min_cold_users:
            checks.append(_cold(gate, mine, theirs, evaluate, rng))
        if scores.coverage is not None:
            checks.append(_coverage(gate, *scores.coverage))
    outcome = Passed if all(check.passed for check in checks) else GateRefused
    return outcome(tuple(checks))


def _of_cold(scores: UserScores, champion: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The metric of cold users, of the challenger and of the champion's recipe, replayed ones behind the others."""
    cold = np.zeros(len(champion), np.bool_) if scores.cold is None else scores.cold
    replayed = (np.empty(0), np.empty(0)) if scores.replayed is None else scores.replayed
    return np.concatenate([scores.challenger[cold], replayed[0]]), np.concatenate([champion[cold], replayed[1]])


def _over_popularity(gate: GateConfig, gain: Interval) -> GateCheck:
    limit = gate.min_gain_over_popularity
    passed = gain.low > limit
    verdict = "beats popularity" if passed else "does not beat popularity by enough"
    said = f"{gate.metric} {verdict}: difference {_shown(gain)}, the lower end must exceed {limit:.4f}"
    return GateCheck("over_popularity", passed, gain.mean, gain.low, gain.high, limit, said)


def _beside_champion(gate: GateConfig, difference: Interval, champion_mean: float) -> GateCheck:
    limit = -gate.max_relative_drop * champion_mean
    passed = difference.mean >= limit
    verdict = "is not much worse than" if passed else "is worse than"
    said = (
        f"{gate.metric} {verdict} the champion's recipe on the same split ({champion_mean:.4f}): difference "
        f"{_shown(difference)}, the mean must reach {limit:.4f}, a drop of {gate.max_relative_drop:.0%}"
    )
    return GateCheck("beside_champion", passed, difference.mean, difference.low, difference.high, limit, said)


def _cold(
    gate: GateConfig,
    challenger: NDArray[np.float64],
    champion: NDArray[np.float64],
    evaluate: EvaluateConfig,
    rng: np.random.Generator,
) -> GateCheck:
    """By the mean alone, as against the champion on all users; the few cold users make the interval wide."""
    difference = paired_difference(challenger, champion, rng, evaluate.bootstrap_samples, evaluate.confidence)
    limit = -gate.max_cold_drop * float(np.mean(champion))
    passed = difference.mean >= limit
    verdict = "is not much worse" if passed else "is worse"
    said = (
        f"{gate.metric} of {len(champion)} cold users {verdict} than the champion's recipe: difference "
        f"{_shown(difference)}, the mean must reach {limit:.4f}"
    )
    return GateCheck("cold_users", passed, difference.mean, difference.low, difference.high, limit, said)


def _coverage(gate: GateConfig, challenger: float, champion: float) -> GateCheck:
    limit = champion * (1 - gate.max_coverage_drop)
    passed = challenger >= limit
    verdict = "reaches" if passed else "is below"
    allowed = f"{limit:.4f}, the champion's {champion:.4f} less {gate.max_coverage_drop:.0%}"
    said = f"coverage {challenger:.4f} {verdict} {allowed}"
    return GateCheck("coverage", passed, challenger, challenger, challenger, limit, said)


def _index(recall: float, limit: float) -> GateCheck:
    passed = not math.isnan(recall) and recall >= limit
    verdict = "reaches" if passed else "is below"
    said = f"the index's recall {recall:.4f} {verdict} the bar of {limit:.4f}"
    return GateCheck("index_recall", passed, recall, recall, recall, limit, said)


def _shown(interval: Interval) -> str:
    return f"{interval.mean:+.4f} ({interval.low:+.4f} to {interval.high:+.4f})"
