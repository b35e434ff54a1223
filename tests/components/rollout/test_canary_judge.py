"""Laws of the judge of canaries; how often it errs is measured in benchmarks/canary_detection.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from components.rollout.canary_judge import Arm, judge_canary
from tests.components.rollout.fake_world import CANARY, make_arm

LIVE = make_arm(2000)
LOOKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def harmed(canary: Arm, live: Arm = LIVE, **limits: Any) -> list[str]:
    judged = judge_canary(live, canary, (), CANARY.model_copy(update=limits), LOOKS)
    return [each.name for each in judged.guardrails if each.harmed]


def first(n: int, of: int) -> Any:
    return np.arange(of) < n


@pytest.mark.parametrize(
    ("canary", "expected"),
    [
        (make_arm(200), []),
        (make_arm(0), []),
        (make_arm(200, asked=200, failed=20), ["errors"]),
        (make_arm(200, empty=first(20, 200)), ["empty lists"]),
        (make_arm(200, milliseconds=np.full(200, 60.0)), ["slow answers"]),
        (make_arm(200, milliseconds=np.full(200, 29.0)), []),
        (make_arm(2000, clicked=first(100, 2000)), ["clicks"]),
        (make_arm(2000, clicked=first(1999, 2000)), []),
        (make_arm(0, asked=30, failed=30), ["errors"]),
    ],
)
def test_each_guardrail_sees_its_own_harm_and_nothing_else(canary: Arm, expected: list[str]) -> None:
    assert harmed(canary) == expected


@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_a_handful_of_users_proves_nothing(n: int) -> None:
    assert harmed(make_arm(n, clicked=np.zeros(n, bool), milliseconds=np.full(n, 1000.0))) == []


def test_harm_within_the_margins_is_none_however_sure() -> None:
    many = make_arm(200_000)
    slightly = make_arm(
        200_000,
        failed=300,
        empty=first(180, 200_000),
        clicked=first(39_000, 200_000),
        milliseconds=many.milliseconds,
    )
    assert harmed(slightly, many) == []


def test_repeated_answers_to_one_user_count_as_one() -> None:
    talker = make_arm(2000, empty=first(40, 2000))
    arm = make_arm(500, users=np.zeros(500, int), empty=np.ones(500, bool))
    canary = replace(arm, clicked=np.zeros(500, bool))
    assert harmed(canary, talker) == []


def test_an_empty_list_beside_a_full_one_is_told_first() -> None:
    judged = judge_canary(LIVE, make_arm(200, failed=100), ("7",), CANARY, LOOKS)
    assert judged.harm is not None
    assert judged.harm.startswith("an empty list for user '7'")
    assert "errors" in judged.harm


def test_nobody_is_compared_with_nobody() -> None:
    judged = judge_canary(make_arm(0), make_arm(0), (), CANARY, LOOKS)
    assert judged.harm is None
    assert (judged.live_requests, judged.canary_requests, judged.canary_users) == (0, 0, 0)


def test_one_level_is_shared_by_all_guardrails_steps_and_looks() -> None:
    """Four guardrails, three steps, four looks: .02 / 48 each; what lies between that and .02 / 12 is chance."""
    canary = make_arm(100, asked=100, failed=6)
    judged = judge_canary(make_arm(2000, asked=2000, failed=20), canary, (), CANARY, LOOKS)
    errors = judged.guardrails[0]
    assert 0.02 / 48 < errors.p_value < 0.02 / 12
    assert not errors.harmed


def test_empty_lists_count_from_their_own_margin_on() -> None:
    """.3 % more users with an empty list are beyond the margin of .1 %, and within five times it."""
    canary = make_arm(20_000, empty=first(60, 20_000))
    assert harmed(canary, make_arm(20_000)) == ["empty lists"]
    assert harmed(canary, make_arm(20_000), max_empty_increase=0.004) == []


def test_a_slot_that_is_slow_for_a_while_leaves_a_doubt_and_not_a_harm() -> None:
    late = make_arm(400, milliseconds=np.where(np.linspace(0, 1, 400) > 0.75, 500.0, 10.0))
    judged = judge_canary(LIVE, late, (), CANARY, LOOKS)
    assert judged.harm is None
    assert judged.doubt is not None
    assert "a burst on the slot, not the release" in judged.doubt
    early = make_arm(400, milliseconds=np.where(np.linspace(0, 1, 400) < 0.25, 500.0, 10.0))
    judged = judge_canary(LIVE, early, (), CANARY, LOOKS)
    assert (judged.harm, judged.doubt) == (None, None)


def test_three_users_are_named_however_many_got_an_empty_list() -> None:
    judged = judge_canary(LIVE, make_arm(200), ("1", "2", "3", "4"), CANARY, LOOKS)
    assert judged.harm == "an empty list for user '1', '2', '3', who gets a full one from the live release"


def test_an_increase_of_empty_lists_by_the_margin_itself_is_tolerated() -> None:
    canary = make_arm(16_384, empty=first(128, 16_384))
    assert harmed(canary, make_arm(16_384), max_empty_increase=1 / 128) == []
    assert harmed(canary, make_arm(16_384), max_empty_increase=1 / 129) == ["empty lists"]


def test_fewer_clicks_are_as_unlikely_as_a_normal_of_the_spread_of_all_users_says() -> None:
    live, canary = make_arm(2_000, clicked=first(500, 2_000)), make_arm(500, clicked=first(100, 500))
    clicks = next(each for each in judge_canary(live, canary, (), CANARY, LOOKS).guardrails if each.name == "clicks")
    rate = 600 / 2_500
    error = (rate * (1 - rate) * (1 / 2_000 + 1 / 500)) ** 0.5
    assert (clicks.live, clicks.canary) == (0.25, 0.2)
    assert clicks.p_value == pytest.approx(norm.cdf(-0.05 / error))
