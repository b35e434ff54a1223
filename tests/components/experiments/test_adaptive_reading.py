"""An adaptive experiment is read by the shares of each moment and by what each user did in as much time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from components.experiments.adaptive_reading import AdaptiveReading, read_adaptive, rewards
from components.experiments.allocation import AllocatedShares, expected_shares
from components.experiments.declaration import Declaration
from components.experiments.experiment_log import ExperimentLog
from components.experiments.reading import NoWinnerAllowed, StillOpen, Winner
from tests.experiment_worlds import declaration

HOUR = 3600.0
NAMES = ("control", "second", "third")
EQUAL = AllocatedShares(0.0, (1 / 3, 1 / 3, 1 / 3))


def declared(**changes: Any) -> Declaration:
    variants = [{"name": name, "share": 1 / 3, "model_version": row + 1} for row, name in enumerate(NAMES)]
    value = {"variants": variants, "primary": "clickers", "allocation": "top-two", "reward_hours": 2.0}
    return declaration(**{**value, **changes})


def world(
    rates: tuple[float, ...] = (0.1, 0.1, 0.1), users: tuple[int, ...] = (1_000, 1_000, 1_000), seed: int = 0
) -> ExperimentLog:
    """One list a user, an hour after the last one's of the same variant; whoever clicks does so at once."""
    rng = np.random.default_rng(seed)
    variant = np.repeat(np.arange(len(users)), users)
    n = len(variant)
    first_at = rng.uniform(0, 100 * HOUR, n)
    clicks = np.flatnonzero(rng.random(n) < np.array(rates)[variant])
    return ExperimentLog(
        NAMES,
        variant,
        first_at,
        np.full(n, "release-1"),
        np.zeros(n, np.int64),
        np.arange(n),
        first_at,
        rng.gamma(2.0, 1.0, n),
        np.zeros(n),
        np.zeros(n, np.bool_),
        np.full(n, 10),
        np.ones(n, np.bool_),
        clicks,
        first_at[clicks] + 5,
        np.full(len(clicks), np.nan),
        np.full(len(clicks), "click"),
        clicks,
        np.zeros(len(clicks), np.int64),
    )


def read(log: ExperimentLog, *over_time: AllocatedShares, until: float = 200 * HOUR, **changes: Any) -> AdaptiveReading:
    return read_adaptive(declared(**changes), 2_000, over_time or (EQUAL,), log, until, np.random.default_rng(0))


def test_users_are_expected_by_the_shares_of_the_moment_they_came() -> None:
    over_time = (AllocatedShares(100.0, (0.5, 0.5)), AllocatedShares(200.0, (0.9, 0.1)))
    first_at = np.array([50.0, 150.0, 199.0, 200.0])
    assert expected_shares(first_at, over_time) == pytest.approx((0.6, 0.4))


def test_the_best_is_named_and_others_are_not() -> None:
    found = read(world((0.1, 0.3, 0.1)))
    assert isinstance(found.decision, Winner) and found.decision.variant == "second"
    assert found.shares is not None and found.shares[1] == pytest.approx(0.5, abs=0.05)
    alike = read(world())
    assert isinstance(alike.decision, StillOpen)
    assert alike.decision.users_needed == 1_000
    assert alike.shares is not None and sum(alike.shares) == pytest.approx(1)


def test_changed_shares_are_no_mismatch_and_others_than_were_set_are() -> None:
    log = world(users=(200, 2_600, 200))
    first_at = np.where(np.arange(3_000) % 5 == 0, 1.0, 50 * HOUR)
    came = replace(log, first_at=first_at, request_at=first_at)
    set_shares = tuple(expected_shares(np.zeros(1), (AllocatedShares(0.0, (200 / 3_000, 2_600 / 3_000, 200 / 3_000)),)))
    assert not isinstance(read(came, AllocatedShares(0.0, set_shares)).decision, NoWinnerAllowed)
    mismatch = read(came)
    assert isinstance(mismatch.decision, NoWinnerAllowed)
    assert mismatch.shares is None


def test_a_user_counts_once_their_time_is_over_by_what_they_did_within_it() -> None:
    """Everybody of the second clicks, but only after three hours; everybody of the third came an hour ago."""
    log = world((0.0, 1.0, 1.0))
    late = replace(log, event_at=np.where(log.variant[log.event_user] == 1, log.event_at + 3 * HOUR, log.event_at))
    found = read(late)
    assert isinstance(found.decision, Winner) and found.decision.variant == "third"
    assert "second 0.00%" in found.decision.reason
    newest = replace(log, first_at=np.where(log.variant == 2, 199 * HOUR, log.first_at))
    waits = read(newest)
    assert isinstance(waits.decision, StillOpen)
    assert "0 users of the smallest variant" in waits.decision.reason
    assert waits.shares is None


def test_only_what_the_experiments_own_lists_led_to_is_rewarded() -> None:
    log = world((0.0, 1.0, 0.0))
    elsewhere = replace(log, inside=(log.variant != 1) | (np.arange(3_000) % 500 == 0))
    found = read(elsewhere).decision
    assert isinstance(found, StillOpen)
    assert "second 0.20% of 1,000" in found.reason
    nothing = read(replace(log, inside=log.variant != 1))
    assert isinstance(nothing.decision, StillOpen)
    assert "made no list" in nothing.decision.reason
    bought = replace(log, event_type=np.full(len(log.event_user), "purchase"), event_request=log.event_request * 0 - 1)
    assert isinstance(read(bought).decision, StillOpen)
    found = read(bought, primary="conversion").decision
    assert isinstance(found, Winner) and found.variant == "second"


def test_a_click_counts_of_the_first_list_too_and_not_one_of_no_list() -> None:
    log = world((0.0, 0.0, 0.0), users=(1, 1, 1))
    one = np.zeros(1, np.int64)
    clicked = replace(
        log,
        event_user=one,
        event_at=log.first_at[:1] + 5,
        event_value=np.full(1, np.nan),
        event_type=np.full(1, "click"),
        event_request=one,
        event_position=one,
    )
    assert rewards(declared(), clicked, 200 * HOUR)[1].tolist() == [True, False, False]
    of_none = replace(clicked, event_request=one - 1)
    assert not rewards(declared(), of_none, 200 * HOUR)[1].any()


def test_a_winner_that_is_too_slow_is_refused() -> None:
    log = world((0.1, 0.3, 0.1))
    slow = replace(log, latency_ms=log.latency_ms + 20 * (log.variant == 1))
    found = read(slow).decision
    assert isinstance(found, NoWinnerAllowed)
    assert "latency_ms is +20" in found.reason
    assert "beside control" in found.reason
    other = replace(log, latency_ms=log.latency_ms + 20 * (log.variant == 2))
    assert isinstance(read(other).decision, Winner)


@pytest.mark.parametrize(("smallest", "told"), [(100, True), (99, False)])
def test_shares_change_once_each_variant_has_enough_users(smallest: int, told: bool) -> None:
    users = (smallest, 1_000, 1_000)
    shares = tuple(each / sum(users) for each in users)
    assert (read(world(users=users), AllocatedShares(0.0, shares)).shares is not None) is told


def test_what_is_asked_for_is_what_equal_shares_would_lack() -> None:
    found = read(world(users=(1_000, 700, 700)), AllocatedShares(0.0, (10 / 24, 7 / 24, 7 / 24))).decision
    assert isinstance(found, StillOpen)
    assert (found.users_needed, found.days_needed) == (2_000 - 800, 0)
    enough = read(world(users=(2_500, 2_500, 2_500))).decision
    assert isinstance(enough, StillOpen)
    assert enough.users_needed == 0


def test_nobody_yet_is_open() -> None:
    found = read(world(users=(0, 0, 0)))
    assert isinstance(found.decision, StillOpen)
    assert (found.shares, found.decision.users_needed) == (None, 2_000)
