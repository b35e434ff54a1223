"""Laws of the states of a release."""

from __future__ import annotations

import itertools

import pytest

from components.rollout.states import ALLOWED, IllegalStep, State, check_step


@pytest.mark.parametrize(("now", "following"), list(itertools.product(State, State)))
def test_exactly_the_listed_steps_are_allowed(now: State, following: State) -> None:
    if following in ALLOWED[now]:
        check_step(now, following)
    else:
        with pytest.raises(IllegalStep, match=f"{now} cannot become {following}"):
            check_step(now, following)


def test_no_release_becomes_live_without_a_smoke_test_or_having_been_live() -> None:
    assert {state for state in State if State.LIVE in ALLOWED[state]} == {State.SMOKE_TESTED, State.STANDBY}


def test_what_has_failed_or_retired_stays_so() -> None:
    assert ALLOWED[State.FAILED] == ALLOWED[State.RETIRED] == frozenset()
