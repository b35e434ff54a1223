"""A slow release is told from a slot that was slow for a while."""

from __future__ import annotations

import numpy as np
import pytest

from components.rollout.slow_answers import MIN_TIMED, Slowness, TimedAnswers, measure_slowness

SECONDS = 400
LOOKS = (0.0, 100.0, 200.0, 300.0, 400.0)
LEVEL = 0.0004


def answers(
    n: int, milliseconds: float = 10.0, slow: tuple[float, float] = (0.0, 0.0), by: float = 500.0
) -> TimedAnswers:
    """`n` answers to as many users over the step, longer by `by` from one moment to another."""
    at = np.linspace(0, SECONDS, n, endpoint=False)
    hit = (at >= slow[0]) & (at < slow[1])
    return TimedAnswers(np.arange(n), at, milliseconds + by * hit)


def measured(live: TimedAnswers, canary: TimedAnswers, looks: tuple[float, ...] = LOOKS) -> Slowness:
    found = measure_slowness(live, canary, looks, 1.5, 20.0)
    assert found is not None
    return found


def test_a_release_that_is_slow_all_the_while_is_slow() -> None:
    found = measured(answers(4000), answers(400, 60.0))
    assert found.calm <= LEVEL
    assert (found.live_p95, found.canary_p95, found.bar) == (10.0, 60.0, 30.0)


@pytest.mark.parametrize("begin", [0, 50, 130, 200])
def test_a_burst_of_two_looks_on_its_slot_is_not_the_release(begin: float) -> None:
    found = measured(answers(4000), answers(400, slow=(begin, begin + 200)))
    assert found.whole <= LEVEL < found.calm


def test_three_looks_of_four_are_no_burst() -> None:
    """Two thirds and a block are what is held for chance; beyond that it is the release."""
    assert measured(answers(4000), answers(400, slow=(0, 400))).calm <= LEVEL


@pytest.mark.parametrize(("looks", "settled"), [(2, False), (3, True)])
def test_two_looks_cannot_tell_a_burst_from_a_release(looks: int, settled: bool) -> None:
    canary = answers(400, 60.0)
    until = canary.at < LOOKS[looks]
    seen = TimedAnswers(canary.users[until], canary.at[until], canary.milliseconds[until])
    found = measured(answers(4000), seen, LOOKS[: looks + 1])
    assert found.settled is settled
    assert found.whole <= LEVEL
    assert (found.calm <= LEVEL) is settled


def test_seconds_in_which_the_live_slot_is_slow_itself_tell_nothing() -> None:
    both = measured(answers(4000, slow=(0, 300)), answers(400, slow=(0, 300)))
    assert both.whole > LEVEL
    hidden = measured(answers(4000, slow=(100, 200)), answers(400, 60.0))
    assert hidden.calm <= LEVEL
    assert hidden.bar == 30.0


def test_the_newest_look_alone_says_whether_a_burst_goes_on() -> None:
    assert measured(answers(4000), answers(400, slow=(300, 400))).newest <= LEVEL
    assert measured(answers(4000), answers(400, slow=(200, 300))).newest > LEVEL


def test_answers_of_another_step_are_held_against_as_one() -> None:
    """At 100 % nobody is left with the live release; what it answered before has other times."""
    before = answers(4000)
    earlier = TimedAnswers(before.users, before.at - 10 * SECONDS, before.milliseconds)
    assert measured(earlier, answers(400, 60.0)).calm <= LEVEL
    assert measured(earlier, answers(400)).calm > LEVEL


def test_too_few_answers_say_nothing() -> None:
    assert measure_slowness(answers(4000), answers(MIN_TIMED - 1, 500.0), LOOKS, 1.5, 20.0) is None
    assert measure_slowness(answers(MIN_TIMED - 1), answers(400, 500.0), LOOKS, 1.5, 20.0) is None
    assert measure_slowness(answers(4000), answers(MIN_TIMED), LOOKS, 1.5, 20.0) is not None


def test_one_user_with_slow_answers_is_one_user() -> None:
    canary = answers(400)
    users = np.where(np.arange(400) % 4 == 0, 0, np.arange(400))
    of_one = TimedAnswers(users, canary.at, np.where(users == 0, 500.0, 10.0))
    assert measured(answers(4000), of_one).calm > LEVEL
