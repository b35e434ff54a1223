"""A slow release is told from a slot that was slow for a while."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

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


BY_SECONDS = (0.0, 3.0, 6.0, 9.0, 12.0)
"""Looks at a step whose twelve blocks are a second long."""


def each_second(n: int, *slow: int, seconds: int = 12) -> TimedAnswers:
    """`n` answers a second; so many of the first second, the second and so on take 500 ms, others 10."""
    within = np.tile(np.arange(n), seconds)
    block = np.repeat(np.arange(seconds), n)
    late = within < np.array([*slow, *[0] * (seconds - len(slow))])[block]
    return TimedAnswers(np.arange(n * seconds), block + (within + 0.5) / n, np.where(late, 500.0, 10.0))


@pytest.mark.parametrize("slow", [1, 2, 4, 10])
def test_the_p_value_is_the_larger_of_a_normals_and_the_exact_one_for_a_twentieth(slow: int) -> None:
    n, over = 480, 12 * slow
    share = over / n
    error = (max(share * (1 - share), 0.05 * 0.95) / n) ** 0.5
    expected = max(norm.cdf((0.05 - share) / error), binom.sf(over - 1, n, 0.05))
    assert measured(each_second(100), each_second(40, *[slow] * 12), BY_SECONDS).whole == pytest.approx(expected)


@pytest.mark.parametrize(("of_live", "tells"), [(10, True), (11, False)])
def test_a_second_tells_as_long_as_no_more_than_a_tenth_of_the_live_answers_are_slow_in_it(
    of_live: int, tells: bool
) -> None:
    found = measured(each_second(100, 0, of_live), each_second(40, 0, 40), BY_SECONDS)
    assert (found.whole < 0.01) is tells
    assert found.whole < 0.01 or found.whole == 1


@pytest.mark.parametrize(("blocks", "release"), [(8, False), (9, True)])
def test_the_calmest_third_of_the_blocks_speaks_for_the_release(blocks: int, release: bool) -> None:
    found = measured(each_second(100), each_second(40, *[40] * blocks), BY_SECONDS)
    assert (found.calm <= LEVEL) is release
    error = (0.25 * 0.75 / 160) ** 0.5
    assert found.calm == (pytest.approx(norm.cdf(-0.2 / error)) if release else 1.0)


@pytest.mark.parametrize(("seconds", "settled"), [(7, False), (8, True)])
def test_seven_blocks_may_all_be_a_burst_and_one_more_may_not(seconds: int, settled: bool) -> None:
    found = measured(each_second(100), each_second(40, *[40] * 12, seconds=seconds), BY_SECONDS)
    assert found.settled is settled
    assert (found.calm <= LEVEL) is settled


@pytest.mark.parametrize(("extra", "tells"), [(0, False), (1, True)])
def test_nine_answers_say_nothing_and_ten_do(extra: int, tells: bool) -> None:
    canary = each_second(3, *[0] * 9, 3, 3, 3)
    keep = TimedAnswers(
        np.arange(36 + extra), np.append(canary.at, [12.0] * extra), np.append(canary.milliseconds, [500.0] * extra)
    )
    found = measured(each_second(100), keep, BY_SECONDS)
    assert (found.newest < 1) is tells


def test_answers_before_the_step_or_after_the_newest_look_are_of_no_block() -> None:
    canary = each_second(40)
    for moved in (-12.0, 12.5):
        there = TimedAnswers(
            np.arange(960),
            np.append(canary.at, canary.at + moved),
            np.append(canary.milliseconds, canary.milliseconds + 500),
        )
        assert measured(each_second(100), there, BY_SECONDS).newest > LEVEL


def test_what_is_allowed_is_the_ratio_or_the_floor_whichever_is_more_over_the_usual_of_four_stretches() -> None:
    assert measured(answers(4000, 100.0), answers(400)).bar == 150.0
    assert measured(answers(4000, 40.0), answers(400)).bar == 60.0
    assert measured(answers(4000, 30.0), answers(400)).bar == 50.0
    for until, bar in ((100, 30.0), (150, 1.5 * (10 + 510) / 2), (250, 510 * 1.5)):
        burst = measured(answers(4000, slow=(0, until)), answers(400))
        assert (burst.bar, burst.live_p95) == (bar, 510.0)
    assert measured(answers(60, slow=(300, 400)), answers(400)).bar == 510 * 1.5
