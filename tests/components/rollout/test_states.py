"""Laws of the states of a release."""

from __future__ import annotations

import itertools

import pytest

from components.rollout.states import ALLOWED, IllegalStep, State, check_growth, check_step


@pytest.mark.parametrize(("now", "following"), list(itertools.product(State, State)))
def test_exactly_the_listed_steps_are_allowed(now: State, following: State) -> None:
    if following in ALLOWED[now]:
        check_step(now, following)
    else:
        with pytest.raises(IllegalStep, match=f"{now} cannot become {following}"):
            check_step(now, following)


def test_no_release_takes_traffic_without_a_smoke_test_or_having_been_live() -> None:
    assert {state for state in State if State.LIVE in ALLOWED[state]} == {
        State.SMOKE_TESTED,
        State.CANARY,
        State.DRAINING,
        State.STANDBY,
    }
    assert {state for state in State if State.CANARY in ALLOWED[state]} == {State.SMOKE_TESTED, State.CANARY}


def test_what_has_failed_or_was_rejected_stays_so_and_what_retired_may_only_start_again() -> None:
    assert ALLOWED[State.FAILED] == ALLOWED[State.REJECTED] == frozenset()
    assert ALLOWED[State.RETIRED] == {State.STARTING}


def test_every_state_but_the_first_can_be_reached() -> None:
    assert frozenset().union(*ALLOWED.values()) == frozenset(State) - {State.BUILT}


@pytest.mark.parametrize(("now", "following"), [(0, 5), (5, 25), (25, 100)])
def test_a_canary_may_grow(now: int, following: int) -> None:
    check_growth(now, following)


@pytest.mark.parametrize(("now", "following"), [(5, 5), (25, 5), (100, 101), (100, 0), (0, 0)])
def test_a_canary_never_shrinks_or_stands_still(now: int, following: int) -> None:
    with pytest.raises(IllegalStep, match=f"not from {now} to {following}"):
        check_growth(now, following)
