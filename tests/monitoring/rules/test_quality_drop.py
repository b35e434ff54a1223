"""When a fall of NDCG counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.drop_histories import DAY, World, draw_case, our_rule, plain_rule, score, taste_levels
from components.quality.window import BUCKETS, Window
from components.simulation.population import Shape
from monitoring.rules.quality_drop import Calm, DropLimits, Fell, History, Unknown, judge_drop

LIMITS = DropLimits(0.05, 0.05, 28, (1, 3, 7), 1000, 4, 12, 0.01)


def window(day: int, mean: float, requests: float = 10_000, spread: float = 0.1, cold: float = 0.0) -> Window:
    """A day whose users differ from bucket to bucket, the same way every day."""
    rng = np.random.default_rng(day)
    n = np.array([[requests * (1 - cold) / BUCKETS] * BUCKETS, [requests * cold / BUCKETS] * BUCKETS])
    taste = 1 + spread * rng.standard_normal((2, BUCKETS))
    return Window(day * DAY, DAY, n, n * mean * taste * np.array([[1.0], [0.5]]))


def history(means: list[float], disturbed: tuple[int, ...] = (), **options: float) -> History:
    windows = tuple(window(day, mean, **options) for day, mean in enumerate(means))
    return History(
        windows, tuple((day % 7, 0) for day in range(len(means))), tuple(day in disturbed for day in range(len(means)))
    )


def test_a_large_fall_is_seen_in_its_first_window() -> None:
    found = judge_drop(history([0.1] * 14 + [0.06]), LIMITS)
    assert isinstance(found, Fell)
    assert (found.windows, found.since) == (1, 14 * DAY)
    assert found.drop.relative == pytest.approx(0.4, abs=0.05)
    assert found.drop.low > 0


def test_a_small_fall_is_seen_when_it_lasts() -> None:
    means = [0.1] * 14 + [0.09] * 7
    first = next(
        day for day in range(15, 22) if isinstance(judge_drop(history(means[:day], spread=0.25), LIMITS), Fell)
    )
    assert first > 15
    assert isinstance(judge_drop(history(means, spread=0.25), LIMITS), Fell)


def test_the_weekly_rhythm_is_no_fall() -> None:
    weekly = [0.1, 0.1, 0.1, 0.1, 0.1, 0.14, 0.14]
    for day in range(8, 28):
        assert not isinstance(judge_drop(history((weekly * 4)[:day]), LIMITS), Fell)


def test_a_fall_of_five_per_cent_exactly_is_tolerated() -> None:
    assert not isinstance(judge_drop(history([0.1] * 14 + [0.0952], spread=0.0), LIMITS), Fell)
    assert isinstance(judge_drop(history([0.1] * 14 + [0.09], spread=0.0), replace(LIMITS, assumed_noise=0.0)), Fell)


def test_no_traffic_is_said_and_is_no_fall() -> None:
    quiet = history([0.1] * 14)
    empty = Window(14 * DAY, DAY, np.zeros((2, BUCKETS)), np.zeros((2, BUCKETS)))
    found = judge_drop(History((*quiet.windows, empty), (*quiet.rhythms, (0, 0)), (*quiet.disturbed, False)), LIMITS)
    assert found == Unknown("no traffic in the newest window")
    assert judge_drop(History((), (), ()), LIMITS) == Unknown("no window is closed yet")


def test_little_traffic_says_nothing() -> None:
    found = judge_drop(history([0.1] * 14 + [0.02], requests=900), replace(LIMITS, lookbacks=(1,)))
    assert isinstance(found, Unknown)
    assert "900 requests are fewer than the 1000 needed" in found.reason


def test_without_any_engagement_there_is_nothing_to_compare() -> None:
    assert isinstance(judge_drop(history([0.0] * 15), LIMITS), Unknown)


def test_one_user_alone_is_not_judged() -> None:
    windows = []
    for day in range(15):
        requests = np.zeros((2, BUCKETS))
        requests[0, 7] = 5_000
        windows.append(Window(day * DAY, DAY, requests, requests * (0.1 if day < 14 else 0.01)))
    found = judge_drop(History(tuple(windows), tuple((day % 7, 0) for day in range(15)), (False,) * 15), LIMITS)
    assert isinstance(found, Unknown)


def test_the_first_week_has_nothing_to_be_held_against() -> None:
    assert isinstance(judge_drop(history([0.1] * 6 + [0.01]), LIMITS), Unknown)


def test_windows_of_an_incident_are_no_reference() -> None:
    means = [0.1] * 7 + [0.06] * 7 + [0.06]
    assert isinstance(judge_drop(history(means, disturbed=tuple(range(7, 14))), replace(LIMITS, lookbacks=(1,))), Fell)
    assert isinstance(judge_drop(history([0.1] * 15), LIMITS), Calm)


def test_short_windows_are_held_against_those_before_them() -> None:
    days = history([0.1] * 10 + [0.05])
    found = judge_drop(History(days.windows, (None,) * 11, days.disturbed), LIMITS)
    assert isinstance(found, Fell)


def test_rare_false_alarms_and_few_misses_over_simulated_histories() -> None:
    """A twentieth of the histories of `python -m benchmarks.drop_rules`; the table is in docs/monitoring.md."""
    shape, world = Shape(), World()
    levels, pool = taste_levels(shape, np.random.default_rng(1))
    cases = [
        draw_case(np.random.default_rng([2, run]), world, shape, levels, pool, 0.08 if run % 2 else 0.0)
        for run in range(26)
    ]
    ours, plain = score(cases, our_rule(LIMITS), 7), score(cases, plain_rule(0.05), 7)
    assert ours.precision >= 0.9
    assert ours.recall(13) >= 0.9
    assert plain.precision < 0.5
