"""Laws of the gate."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from components.config.evaluate import EvaluateConfig
from components.config.gate import GateConfig
from components.rollout.gate import GateRefused, Passed, UserScores, judge_model

EVALUATE = EvaluateConfig(k=10, bootstrap_samples=300, confidence=0.95, seed=1, replayed_users=10)
GATE = GateConfig(
    metric="ndcg_at_10",
    max_relative_drop=0.02,
    min_gain_over_popularity=0.0,
    max_coverage_drop=0.3,
    max_cold_drop=0.1,
    min_cold_users=30,
)
POPULARITY = np.tile([0.05, 0.15], 100)
NOISE = np.random.default_rng(3).normal(0, 0.05, 200)


def judged(challenger: float, champion: float | None = None, noise: float = 0.0, **gate: float) -> Passed | GateRefused:
    """A challenger at `challenger` over popularity for each user, beside a champion at `champion` over it."""
    mine = POPULARITY + challenger + noise * NOISE
    scores = UserScores(mine, POPULARITY, None if champion is None else POPULARITY + champion)
    return judge_model(scores, 1.0, 0.9, GATE.model_copy(update=gate), EVALUATE)


def failed(outcome: Passed | GateRefused) -> list[str]:
    return [check.name for check in outcome.checks if not check.passed]


@pytest.mark.parametrize(
    ("outcome", "reasons"),
    [
        (judged(0.10), []),
        (judged(0.0), ["over_popularity"]),
        (judged(-0.01), ["over_popularity"]),
        (judged(0.001, noise=1), ["over_popularity"]),
        (judged(0.10, min_gain_over_popularity=0.2), ["over_popularity"]),
        (judged(0.10, champion=0.10), []),
        (judged(0.12, champion=0.10), []),
        (judged(0.097, champion=0.10), []),
        (judged(0.095, champion=0.10), ["beside_champion"]),
        (judged(0.10, champion=0.10, noise=1), []),
        (judged(0.09, champion=0.10, noise=1), ["beside_champion"]),
        (judged(-0.10, champion=0.10), ["over_popularity", "beside_champion"]),
    ],
)
def test_popularity_must_be_beaten_for_sure_and_the_champion_not_missed_by_much(
    outcome: Passed | GateRefused, reasons: list[str]
) -> None:
    assert failed(outcome) == reasons
    assert isinstance(outcome, GateRefused if reasons else Passed)


def test_a_refusal_says_how_far_off_it_is() -> None:
    outcome = judged(0.05, champion=0.10)
    assert isinstance(outcome, GateRefused)
    assert outcome.reason == (
        "ndcg_at_10 is worse than the champion's recipe on the same split (0.2000): difference "
        "-0.0500 (-0.0500 to -0.0500), the mean must reach -0.0040, a drop of 2%"
    )


@pytest.mark.parametrize(("recall", "passes"), [(0.9, True), (0.89, False), (float("nan"), False)])
def test_an_index_below_the_bar_is_refused(recall: float, passes: bool) -> None:
    outcome = judge_model(UserScores(POPULARITY + 0.1, POPULARITY, None), recall, 0.9, GATE, EVALUATE)
    assert failed(outcome) == ([] if passes else ["index_recall"])


def test_nobody_to_compare_on_is_a_refusal() -> None:
    nobody = np.empty(0)
    assert failed(judge_model(UserScores(nobody, nobody, None), 1.0, 0.9, GATE, EVALUATE)) == ["over_popularity"]


def test_models_no_better_than_popularity_pass_at_most_as_often_as_the_interval_allows() -> None:
    rng = np.random.default_rng(5)
    few = EVALUATE.model_copy(update={"bootstrap_samples": 200})
    passed = 0
    for _ in range(200):
        scores = UserScores(POPULARITY + rng.normal(0, 0.05, 200), POPULARITY, None)
        passed += isinstance(judge_model(scores, 1.0, 0.9, GATE, few), Passed)
    assert passed <= 14  # one side of 95 % is 2.5 %, 5 of 200; 14 or fewer in 99.98 % of such series


COLD = np.arange(200) < 40


@pytest.mark.parametrize(
    ("cold_loss", "cold", "coverage", "reasons"),
    [
        (0.0, COLD, (0.2, 0.2), []),
        (0.015, COLD, None, []),
        (0.05, COLD, (0.2, 0.2), ["cold_users"]),
        (0.05, np.arange(200) < 29, None, []),
        (0.05, np.arange(200) < 30, None, ["cold_users"]),
        (0.0, COLD, (0.15, 0.2), []),
        (0.0, None, (0.13, 0.2), ["coverage"]),
    ],
)
def test_neither_cold_users_nor_coverage_may_pay_for_the_mean(
    cold_loss: float, cold: NDArray[np.bool_] | None, coverage: tuple[float, float] | None, reasons: list[str]
) -> None:
    champion = POPULARITY + 0.1
    challenger = champion + np.where(COLD, -cold_loss, 0.05)
    outcome = judge_model(UserScores(challenger, POPULARITY, champion, cold, coverage), 1.0, 0.9, GATE, EVALUATE)
    assert failed(outcome) == reasons


def test_a_model_broken_for_cold_users_alone_is_refused_where_all_tested_users_are_warm() -> None:
    champion, warm = POPULARITY + 0.1, np.zeros(200, np.bool_)
    served = np.full(40, 0.12)
    for broken, reasons in ((served, []), (served * 0.95, []), (np.zeros(40), ["cold_users"])):
        scores = UserScores(champion + 0.01, POPULARITY, champion, warm, None, (broken, served))
        assert failed(judge_model(scores, 1.0, 0.9, GATE, EVALUATE)) == reasons


def test_a_drop_by_the_margin_itself_passes_and_a_gain_over_popularity_by_the_margin_itself_does_not() -> None:
    """In numbers that a computer holds exactly."""
    gate = GATE.model_copy(update={"max_relative_drop": 0.25, "max_cold_drop": 0.25, "max_coverage_drop": 0.25})
    popularity, champion = np.zeros(64), np.full(64, 0.5)
    for less, gain, reasons in (
        (0.125, 0.375, ["over_popularity"]),
        (0.125, 0.0, []),
        (0.1875, 0.0, ["beside_champion", "cold_users", "coverage"]),
    ):
        scores = UserScores(champion - less, popularity, champion, np.ones(64, np.bool_), (0.5 - less, 0.5))
        judged_at = gate.model_copy(update={"min_gain_over_popularity": gain})
        assert failed(judge_model(scores, 1.0, 0.9, judged_at, EVALUATE)) == reasons
