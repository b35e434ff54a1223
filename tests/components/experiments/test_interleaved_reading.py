"""An interleaved experiment is read by clicks and users, names nobody where the draft or a guardrail forbids it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from components.experiments.declaration import Declaration
from components.experiments.interleaved_log import InterleavedLog
from components.experiments.interleaved_reading import read_interleaved_experiment
from components.experiments.reading import NoWinnerAllowed, StillOpen, Winner
from components.experiments.sample_ratio import RatioHolds
from tests.experiment_worlds import declaration


def declared(**changes: Any) -> Declaration:
    return declaration(**{"design": "interleaved", "test": "fixed", **changes})


def world(
    rates: tuple[float, float] = (0.3, 0.3), users: int = 600, seed: int = 0, per_user: float = 3.0
) -> InterleavedLog:
    """Lists in which people click so many items of either variant; who clicks more does so with both."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), 1 + rng.poisson(per_user - 1, users))
    taste = rng.gamma(2.0, 0.5, users)[user]
    clicks = np.column_stack([rng.poisson(rate * taste) for rate in (*rates, 0.2)])
    lists = len(user)
    return InterleavedLog(
        ("control", "varied"),
        np.arange(users, dtype=np.float64),
        np.full(users, "release-1"),
        rng.integers(0, 20, users),
        user,
        rng.integers(0, 2, lists),
        clicks,
        2.0 + rng.gamma(2.0, 1.0, (lists, 2)),
        np.zeros((lists, 2)),
        (rng.random((lists, 2)) < 0.02).astype(np.float64),
    )


def read(
    log: InterleavedLog, planned: int = 500, days: int = 7, **changes: Any
) -> Winner | StillOpen | NoWinnerAllowed:
    return read_interleaved_experiment(declared(**changes), planned, 7, log, days, 10)


def test_whoever_places_what_people_click_wins_by_either_name() -> None:
    for rates, winner in (((0.2, 0.4), "varied"), ((0.4, 0.2), "control")):
        found = read(world(rates))
        assert isinstance(found, Winner)
        assert found.variant == winner
        (line,) = found.evidence.primary
        assert line.difference.control + line.difference.treatment == pytest.approx(1)
        assert line.difference.value == pytest.approx(line.difference.treatment - line.difference.control)
        assert {label for _, label, _ in found.evidence.segments} == {"cold", "warm"}


def test_a_coin_that_favours_one_names_nobody_however_the_clicks_look() -> None:
    log = world((0.2, 0.4))
    lists = len(log.user)
    for share, refused in ((0.5, False), (0.6, True)):
        began = (np.arange(lists) < share * lists).astype(np.int64)
        found = read(replace(log, began=began))
        assert isinstance(found, NoWinnerAllowed) is refused
        assert isinstance(found.evidence.sample_ratio, RatioHolds) is not refused
    assert "the draft is not fair" in found.reason
    assert found.evidence.primary == ()


def test_lists_on_which_both_agree_say_nothing_of_the_coin() -> None:
    log = world((0.2, 0.4))
    began = np.where(np.arange(len(log.user)) % 2, -1, log.began)
    assert isinstance(read(replace(log, began=began)), Winner)


@pytest.mark.parametrize("test", ["fixed", "sequential"])
def test_a_winner_that_is_slower_than_it_may_be_is_refused_and_by_less_is_not(test: str) -> None:
    log = world((0.2, 0.5))
    for more, refused in ((0.0, False), (4.0, False), (7.0, True)):
        slower = log.latency_ms + np.array([0.0, more])
        found = read(replace(log, latency_ms=slower), test=test)
        assert isinstance(found, NoWinnerAllowed if refused else Winner)
    assert "latency_ms is +7" in found.reason
    assert "beside control" in found.reason
    cheaper = read(replace(log, latency_ms=log.latency_ms + np.array([9.0, 0.0])), test=test)
    assert isinstance(cheaper, Winner)


def test_a_control_wins_also_beside_a_slow_variant() -> None:
    log = world((0.5, 0.2))
    found = read(replace(log, latency_ms=log.latency_ms + np.array([0.0, 50.0])))
    assert isinstance(found, Winner) and found.variant == "control"


def test_guardrails_are_compared_in_pairs_with_the_user_as_unit() -> None:
    """Users of very different speed are no noise, as each is compared with themselves."""
    log = world()
    own = np.random.default_rng(1).gamma(0.5, 200.0, 600)[log.user]
    base = own[:, None] + np.random.default_rng(2).normal(0, 0.5, (len(log.user), 2))
    found = read(replace(log, latency_ms=base + np.array([0.0, 6.0])))
    latency = next(each for each in found.evidence.guardrails if each.comparison.metric == "latency_ms")
    assert latency.harmed
    assert latency.comparison.difference.low < 6 < latency.comparison.difference.high
    assert latency.comparison.difference.high - latency.comparison.difference.low < 0.5


def test_a_guardrail_of_users_with_one_list_each_is_a_t_test_of_the_differences() -> None:
    lone = world((5.0, 5.0), users=115, per_user=1.0)  # so few that the degrees of freedom count
    differences = lone.latency_ms[:, 1] - lone.latency_ms[:, 0]
    for tolerance in (0.0, 0.2):
        (found,) = read(lone, guardrails={"latency_ms": tolerance}).evidence.guardrails
        usual = ttest_1samp(differences, 0.0)
        interval = usual.confidence_interval(0.95)
        seen = found.comparison.difference
        assert (seen.low, seen.high) == pytest.approx((interval.low, interval.high))
        assert seen.p_value == pytest.approx(usual.pvalue)
        assert (seen.control, seen.treatment) == pytest.approx(tuple(lone.latency_ms.mean(axis=0)))
        assert found.p_harm == pytest.approx(ttest_1samp(differences, tolerance, alternative="greater").pvalue)
        (wide,) = read(lone, guardrails={"latency_ms": tolerance}, test="sequential").evidence.guardrails
        assert wide.comparison.difference.low < seen.low < seen.high < wide.comparison.difference.high


def test_an_absolute_effect_says_nothing_of_guardrails_which_are_read_for_a_twentieth() -> None:
    log = world()
    relative, absolute = (
        read(log, test="sequential", minimum_effect=effect).evidence.guardrails
        for effect in ({"size": 0.05, "kind": "relative"}, {"size": 0.3, "kind": "absolute"})
    )
    assert [each.comparison.difference for each in relative] == [each.comparison.difference for each in absolute]


def test_without_any_preference_as_many_are_asked_for_as_an_ab_test_takes_in_the_days_that_they_take() -> None:
    turns = np.arange(600) % 2
    even = replace(world(users=600, per_user=1.0), clicks=np.column_stack([turns, 1 - turns, 0 * turns]))
    of_ab = math.ceil(600 * 9 / 4)
    once = read(even, 600, 7)
    assert isinstance(once, StillOpen)
    assert once.evidence.primary[0].difference.value == 0
    assert (once.users_needed, once.days_needed) == (of_ab, math.ceil(7 * of_ab / 600))
    assert f"past {of_ab:,} users" in once.reason
    often = read(even, 600, 7, test="sequential")
    assert isinstance(often, StillOpen)
    assert (often.users_needed, often.days_needed) == (of_ab - 600, math.ceil(7 * (of_ab - 600) / 600))


def test_a_fixed_test_waits_for_its_users_and_its_days_and_a_sequential_one_does_not() -> None:
    log = world((0.2, 0.5))
    for planned, days in ((601, 7), (600, 6)):
        found = read(log, planned, days)
        assert isinstance(found, StillOpen)
        assert (found.users_needed, found.days_needed) == (planned - 600, 7 - days)
        assert found.evidence.primary
        assert isinstance(read(log, planned, days, test="sequential"), Winner)
    assert isinstance(read(log, 600, 7), Winner)


def test_few_users_with_credit_are_told_nothing() -> None:
    found = read(world((0.0, 0.0)))
    assert isinstance(found, StillOpen)
    assert "0 users with credited clicks" in found.reason
    assert found.users_needed == 0
    still = read(world((0.0, 0.0)), planned=700, days=5)
    assert isinstance(still, StillOpen) and (still.users_needed, still.days_needed) == (100, 2)
    empty = world(users=600).of_users(np.zeros(600, dtype=np.bool_))
    assert isinstance(read(empty), StillOpen)


def test_rankings_that_people_like_alike_stay_open_and_no_more_is_asked_than_an_ab_test_takes() -> None:
    for seed in range(8):
        found = read(world(seed=seed), planned=600, test="sequential")
        assert isinstance(found, StillOpen)
        assert found.users_needed <= 9 / 4 * 600
        assert found.evidence.guardrails


def test_the_error_is_what_is_said_over_the_whole_reading() -> None:
    runs = 400
    wrong = sum(isinstance(read(world(seed=seed, users=300), planned=300), Winner) for seed in range(100, 100 + runs))
    assert wrong / runs <= 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5


def test_some_of_the_users_come_with_their_own_lists() -> None:
    log = world(users=50)
    rows = np.arange(50) % 3 == 0
    part = log.of_users(rows)
    assert len(part.first_at) == rows.sum()
    assert [part.first_at[user] for user in part.user] == [float(user) for user in log.user if rows[user]]
