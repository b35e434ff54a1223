"""A reading names a winner only where the declared test on the declared metric shows one, and nothing forbids it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from components.experiments.assignment import VariantShares
from components.experiments.evidence import Declared, Metric
from components.experiments.power import MinimumEffect
from components.experiments.reading import NoDifference, NoWinnerAllowed, StillOpen, Winner, read_experiment

DECLARED = Declared(
    VariantShares(("control", "treatment"), (0.5, 0.5)), "clicks", "fixed", planned_users=1_000, planned_days=14
)
SEQUENTIAL = replace(DECLARED, test="sequential")
VARIANT = np.tile([0, 1], 1_000)
TENTH = MinimumEffect(0.1, "absolute")


def clicks(treatment: float, spread: float = 1.0, name: str = "clicks", **more: object) -> Metric:
    """Two values per variant, at 10 in the control and `treatment` more in the other: known means and errors."""
    ends = np.tile([-spread, -spread, spread, spread], 500)
    return Metric(name, 10 + ends + treatment * VARIANT, TENTH, **more)  # type: ignore[arg-type]


def test_a_better_treatment_wins() -> None:
    found = read_experiment(DECLARED, VARIANT, [clicks(0.2)], 14)
    assert isinstance(found, Winner)
    assert found.variant == "treatment"
    # Standard error sqrt(2 / 999): reach .0877.
    assert "+0.2 (+2.0%), between +0.1123 and +0.2877" in found.reason


def test_a_worse_treatment_makes_the_control_win() -> None:
    found = read_experiment(DECLARED, VARIANT, [clicks(-0.2)], 14)
    assert isinstance(found, Winner)
    assert found.variant == "control"


def test_less_may_be_better() -> None:
    found = read_experiment(DECLARED, VARIANT, [clicks(-0.2, better="lower")], 14)
    assert isinstance(found, Winner)
    assert found.variant == "treatment"


def test_an_interval_within_the_minimum_effect_is_no_difference() -> None:
    assert isinstance(read_experiment(DECLARED, VARIANT, [clicks(0.01)], 14), NoDifference)


def test_an_interval_that_holds_both_zero_and_the_minimum_effect_is_undecided_and_says_what_is_needed() -> None:
    found = read_experiment(DECLARED, VARIANT, [clicks(0.05)], 14)
    assert isinstance(found, StillOpen)
    # 2 (1.96 + .84)² (1000 / 999) / .1² users per variant are 1572, at 1000 in 14 days; a fixed test starts anew.
    assert (found.users_needed, found.days_needed) == (1_572, 23)


def test_past_the_plan_the_need_is_for_an_interval_as_narrow_as_the_estimate_asks() -> None:
    wide = replace(clicks(0.07), minimum_effect=MinimumEffect(0.13, "absolute"))
    found = read_experiment(DECLARED, VARIANT, [wide], 14)
    assert isinstance(found, StillOpen)
    # The reach .0877 has to become .07: 1000 (.0877 / .07)² = 1570.
    assert 1_560 < found.users_needed < 1_580


@pytest.mark.parametrize(("users", "days"), [(1_001, 14), (1_000, 15)])
def test_a_fixed_test_is_not_read_before_its_time(users: int, days: int) -> None:
    declared = replace(DECLARED, planned_users=users, planned_days=days)
    found = read_experiment(declared, VARIANT, [clicks(5.0)], 14)
    assert isinstance(found, StillOpen)
    assert (found.users_needed, found.days_needed) == (users - 1_000, days - 14)
    assert found.evidence.primary[0].difference.value == pytest.approx(5)


def test_a_sequential_test_may_be_read_before_its_time_and_says_so() -> None:
    found = read_experiment(replace(SEQUENTIAL, planned_users=10_000), VARIANT, [clicks(0.5)], 3)
    assert isinstance(found, Winner)
    assert "after 3 days" in found.reason


def test_the_sequential_test_asks_for_more_than_the_fixed_one_and_goes_on() -> None:
    assert isinstance(read_experiment(DECLARED, VARIANT, [clicks(0.1)], 14), Winner)
    found = read_experiment(SEQUENTIAL, VARIANT, [clicks(0.1)], 14)
    assert isinstance(found, StillOpen)
    # 1.94 times the fixed test's 1572 are about 3050, less the 1000 here; they come in as many days for each 1000.
    assert 1_950 < found.users_needed < 2_150
    assert found.days_needed == -(-14 * found.users_needed // 1_000)
    early = read_experiment(replace(SEQUENTIAL, planned_days=90), VARIANT, [clicks(0.1)], 14)
    assert isinstance(early, StillOpen)
    assert early.days_needed == 90 - 14


def test_an_uneven_assignment_has_no_winner_however_large_the_effect() -> None:
    rng = np.random.default_rng(0)
    variant = np.repeat([0, 1], [6_288, 6_812])
    metric = Metric("clicks", 10 + 5 * variant + rng.normal(size=13_100), TENTH)
    found = read_experiment(DECLARED, variant, [metric], 14)
    assert isinstance(found, NoWinnerAllowed)
    assert "sample ratio mismatch" in found.reason
    assert found.evidence.primary == ()


def test_a_harmed_guardrail_forbids_the_winner() -> None:
    cost = clicks(0.5, name="cost", better="lower")
    found = read_experiment(DECLARED, VARIANT, [clicks(0.2)], 14, guardrails=[cost])
    assert isinstance(found, NoWinnerAllowed)
    assert "cost of treatment +0.5" in found.reason


@pytest.mark.parametrize("declared", [DECLARED, SEQUENTIAL])
def test_errors_that_only_the_treatment_has_forbid_the_winner(declared: Declared) -> None:
    failed = (np.arange(2_000) % 10 == 1).astype(float)
    errors = Metric("errors", failed, MinimumEffect(0.1, "relative"), better="lower")
    found = read_experiment(declared, VARIANT, [clicks(0.5)], 14, guardrails=[errors])
    assert isinstance(found, NoWinnerAllowed)
    assert "errors of treatment +0.2" in found.reason


def test_a_guardrail_without_a_single_error_forbids_nothing() -> None:
    errors = Metric("errors", np.zeros(2_000), MinimumEffect(0.1, "relative"), better="lower")
    assert isinstance(read_experiment(SEQUENTIAL, VARIANT, [clicks(0.5)], 14, guardrails=[errors]), Winner)


def test_a_guardrail_that_moves_the_right_way_forbids_nothing() -> None:
    cost = clicks(-0.5, name="cost", better="lower")
    assert isinstance(read_experiment(DECLARED, VARIANT, [clicks(0.2)], 14, guardrails=[cost]), Winner)


def test_guardrails_are_judged_together() -> None:
    # One-sided p of +.08 is .037: harmed alone, but not as one of three.
    cost = [clicks(0.08, name=name, better="lower") for name in ("cost",)]
    calm = [clicks(0.0, name=name, better="lower") for name in ("latency", "errors")]
    assert isinstance(read_experiment(DECLARED, VARIANT, [clicks(0.2)], 14, guardrails=cost), NoWinnerAllowed)
    assert isinstance(read_experiment(DECLARED, VARIANT, [clicks(0.2)], 14, guardrails=cost + calm), Winner)


def test_only_the_primary_metric_decides() -> None:
    found = read_experiment(DECLARED, VARIANT, [clicks(5.0, name="revenue"), clicks(0.05)], 14)
    assert isinstance(found, StillOpen)
    assert [one.metric for one in found.evidence.secondary] == ["revenue"]


def test_segments_are_shown_apart_and_decide_nothing() -> None:
    history = np.where(np.arange(2_000) < 1_000, "cold", "warm")
    metric = replace(clicks(0.0), total=clicks(0.0).total + 0.4 * VARIANT * (history == "warm"))
    found = read_experiment(DECLARED, VARIANT, [metric], 14, segments={"history": history})
    shown = [(kind, label, round(one.difference.value, 6)) for kind, label, one in found.evidence.segments]
    assert shown == [("history", "cold", 0.0), ("history", "warm", 0.4)]


def test_the_few_users_of_a_demo_are_undecided_and_told_how_many_are_needed() -> None:
    rng = np.random.default_rng(1)
    metric = Metric("clicks", rng.random(60), TENTH)
    found = read_experiment(DECLARED, np.tile([0, 1], 30), [metric], 2)
    assert isinstance(found, StillOpen)
    assert (found.users_needed, found.days_needed) == (970, 12)


def test_a_ratio_is_read_by_user_and_cuped_narrows_it() -> None:
    rng = np.random.default_rng(2)
    shown = rng.integers(1, 40, 2_000)
    taste = rng.beta(1, 4, 2_000)
    metric = Metric(
        "clicks", rng.binomial(shown, taste).astype(float), MinimumEffect(0.1, "relative"), per=shown.astype(float)
    )
    plain = read_experiment(DECLARED, VARIANT, [metric], 14).evidence.primary[0]
    adjusted = read_experiment(DECLARED, VARIANT, [replace(metric, before=taste[:, None])], 14).evidence.primary[0]
    control = VARIANT == 0
    assert plain.difference.control == pytest.approx(metric.total[control].sum() / shown[control].sum())
    assert adjusted.difference.std_error < 0.9 * plain.difference.std_error
    assert adjusted.variance_reduction == pytest.approx(
        1 - (adjusted.difference.std_error / plain.difference.std_error) ** 2, abs=0.01
    )


def test_with_several_treatments_the_best_wins_and_the_level_is_shared() -> None:
    declared = replace(DECLARED, split=VariantShares(("control", "one", "two"), (0.4, 0.3, 0.3)), planned_users=100)
    variant = np.repeat([0, 1, 2], [400, 300, 300])
    total = 10 + np.tile([-1.0, 1.0], 500) + np.array([0.0, 0.5, 0.9])[variant]
    found = read_experiment(declared, variant, [Metric("clicks", total, TENTH)], 14)
    assert isinstance(found, Winner)
    assert found.variant == "two"
    pair = variant != 1
    two = replace(DECLARED, split=VariantShares(("control", "two"), (4 / 7, 3 / 7)))
    alone = read_experiment(two, np.minimum(variant[pair], 1), [Metric("clicks", total[pair], TENTH)], 14)
    together, single = found.evidence.primary[1].difference, alone.evidence.primary[0].difference
    assert together.high - together.low > single.high - single.low


def test_a_metric_with_nothing_to_divide_by_is_undecided() -> None:
    metric = replace(clicks(0.2), per=(VARIANT == 0).astype(float))
    found = read_experiment(DECLARED, VARIANT, [metric], 14)
    assert isinstance(found, StillOpen)
    assert "divide" in found.reason


def test_the_reading_does_not_depend_on_the_order_of_users() -> None:
    order = np.random.default_rng(3).permutation(2_000)
    metric = clicks(0.05)
    shuffled = read_experiment(DECLARED, VARIANT[order], [replace(metric, total=metric.total[order])], 14)
    found = read_experiment(DECLARED, VARIANT, [metric], 14)
    assert shuffled.reason == found.reason


def test_what_is_not_of_these_users_is_refused() -> None:
    with pytest.raises(ValueError, match="not among"):
        read_experiment(DECLARED, VARIANT, [clicks(0.0, name="revenue")], 14)
    with pytest.raises(ValueError, match="finite"):
        read_experiment(DECLARED, VARIANT, [replace(clicks(0.0), total=np.full(2_000, np.nan))], 14)
    with pytest.raises(ValueError, match="2000 users"):
        read_experiment(DECLARED, VARIANT, [replace(clicks(0.0), total=np.zeros(3))], 14)


@pytest.mark.parametrize("test", ["fixed", "sequential"])
def test_a_worsening_within_the_tolerance_of_a_guardrail_is_no_harm(test) -> None:
    declared = replace(DECLARED, test=test)
    rng = np.random.default_rng(4)
    worse = rng.normal(10.0, 1.0, len(VARIANT)) + 0.5 * VARIANT
    for tolerance, outcome in ((0.0, NoWinnerAllowed), (0.3, NoWinnerAllowed), (0.7, Winner)):
        latency = Metric("latency", worse, MinimumEffect(0.05, "relative"), "lower", tolerance=tolerance)
        assert isinstance(read_experiment(declared, VARIANT, [clicks(0.5)], 14, guardrails=[latency]), outcome)


THREE = replace(
    DECLARED, split=VariantShares(("control", "worse", "even"), (0.34, 0.33, 0.33)), planned_users=600, planned_days=14
)


def three(worse: float, even: float, spread: float = 1.0, minimum: float = 0.1) -> tuple[np.ndarray, Metric]:
    """2,000 users in each of three variants, whose means are known exactly."""
    variant = np.repeat([0, 1, 2], 2_000)
    ends = np.tile([-spread, spread], 3_000)
    shift = np.array([0.0, worse, even])[variant]
    return variant, Metric("clicks", 10 + ends + shift, MinimumEffect(minimum, "absolute"))


def test_the_control_wins_only_when_every_other_variant_loses() -> None:
    variant, metric = three(worse=-0.5, even=0.0)
    assert not isinstance(read_experiment(THREE, variant, [metric], 14), Winner)
    variant, metric = three(worse=-0.5, even=-0.5)
    found = read_experiment(THREE, variant, [metric], 14)
    assert isinstance(found, Winner)
    assert found.variant == "control"


def test_a_loss_that_may_matter_is_not_called_no_difference() -> None:
    """From -.118 to +.058: no gain that matters is left, and a loss of the minimum effect is not excluded."""
    assert isinstance(read_experiment(DECLARED, VARIANT, [clicks(-0.03)], 14), StillOpen)


def test_nothing_is_said_of_fewer_than_a_hundred_users() -> None:
    for users, told in ((99, False), (100, True)):
        variant = np.tile([0, 1], users)
        metric = Metric("clicks", 10 + np.tile([-1.0, -1.0, 1.0, 1.0], users)[: 2 * users] + 5.0 * variant, TENTH)
        declared = replace(DECLARED, planned_users=users)
        assert isinstance(read_experiment(declared, variant, [metric], 14), Winner) is told


def test_several_variants_need_more_users_than_one_as_they_share_the_level() -> None:
    variant, metric = three(worse=0.05, even=0.05, spread=3.0)
    several = read_experiment(THREE, variant, [metric], 14)
    alone = replace(THREE, split=VariantShares(("control", "even"), (0.5, 0.5)))
    pair = variant < 2
    one = read_experiment(alone, variant[pair], [Metric("clicks", metric.total[pair], metric.minimum_effect)], 14)
    assert isinstance(several, StillOpen)
    assert isinstance(one, StillOpen)
    assert several.users_needed > 1.1 * one.users_needed
