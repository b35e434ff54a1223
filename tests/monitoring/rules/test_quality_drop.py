"""When a fall of NDCG counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.drop_histories import DAY, World, draw_case, our_rule, plain_rule, score, taste_levels
from components.quality.window import BUCKETS, Window
from components.simulation.population import Shape
from monitoring.rules.quality_drop import (
    Calm,
    DropLimits,
    Fell,
    QualityHistory,
    Unknown,
    judge_drop,
    reference_places,
    smallest_visible,
)

LIMITS = DropLimits(0.05, 0.1, 28, (1, 3, 7, 14), 1000, 4, 12)


def window(day: int, mean: float, requests: float = 10_000, spread: float = 0.1, cold: float = 0.0) -> Window:
    """A day whose users differ from bucket to bucket, the same way every day."""
    rng = np.random.default_rng(day)
    n = np.array([[requests * (1 - cold) / BUCKETS] * BUCKETS, [requests * cold / BUCKETS] * BUCKETS])
    taste = 1 + spread * rng.standard_normal((2, BUCKETS))
    return Window(day * DAY, DAY, n, n * mean * taste * np.array([[1.0], [0.5]]))


def history(means: list[float], disturbed: tuple[int, ...] = (), **options: float) -> QualityHistory:
    windows = tuple(window(day, mean, **options) for day, mean in enumerate(means))
    return QualityHistory(
        windows, tuple((day % 7, 0) for day in range(len(means))), tuple(day in disturbed for day in range(len(means)))
    )


def test_a_large_fall_is_seen_in_its_first_window() -> None:
    found = judge_drop(history([0.1] * 14 + [0.06]), LIMITS)
    assert isinstance(found, Fell)
    assert (found.windows, found.since) == (1, 14 * DAY)
    assert found.drop.relative == pytest.approx(0.4, abs=0.05)
    assert found.drop.low > 0


def test_a_single_window_needs_ten_times_the_evidence_of_what_lasts() -> None:
    levels = [LIMITS.level(count) / np.sqrt(count) for count in LIMITS.lookbacks]
    assert levels == pytest.approx([levels[-1] / 10, levels[-1], levels[-1], levels[-1]])
    assert sum(LIMITS.level(count) / np.sqrt(count) for count in LIMITS.lookbacks) * 28 < LIMITS.alpha


def test_what_loses_far_more_than_noise_in_one_window_needs_no_more_evidence_than_what_lasts() -> None:
    levels = {
        mean: judge_drop(history([0.1, 0.11, 0.09, 0.1, 0.105, 0.095, 0.1] * 2 + [mean]), LIMITS)
        for mean in (0.057, 0.063)
    }
    gross, less = (found.drop.level for found in levels.values() if isinstance(found, Fell | Calm))
    assert gross == pytest.approx(10 * less)


def test_a_small_fall_is_seen_when_it_lasts() -> None:
    means = [0.1] * 14 + [0.088] * 7
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
    assert isinstance(judge_drop(history([0.1] * 14 + [0.09], spread=0.0), LIMITS), Fell)


def test_no_traffic_is_said_and_is_no_fall() -> None:
    quiet = history([0.1] * 14)
    empty = Window(14 * DAY, DAY, np.zeros((2, BUCKETS)), np.zeros((2, BUCKETS)))
    found = judge_drop(
        QualityHistory((*quiet.windows, empty), (*quiet.rhythms, (0, 0)), (*quiet.disturbed, False)), LIMITS
    )
    assert found == Unknown("no traffic in the newest window")
    assert judge_drop(QualityHistory((), (), ()), LIMITS) == Unknown("no window is closed yet")


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
    found = judge_drop(QualityHistory(tuple(windows), tuple((day % 7, 0) for day in range(15)), (False,) * 15), LIMITS)
    assert isinstance(found, Unknown)


def test_the_first_week_has_nothing_to_be_held_against() -> None:
    assert isinstance(judge_drop(history([0.1] * 6 + [0.01]), LIMITS), Unknown)


def test_windows_of_an_incident_are_no_reference() -> None:
    means = [0.1] * 14 + [0.06] * 7 + [0.06]
    alone = replace(LIMITS, lookbacks=(1,))
    assert isinstance(judge_drop(history(means, disturbed=tuple(range(14, 21))), alone), Fell)
    assert isinstance(judge_drop(history([0.1] * 15), LIMITS), Calm)


def test_short_windows_are_held_against_those_before_them() -> None:
    days = history([0.1] * 10 + [0.05])
    found = judge_drop(QualityHistory(days.windows, (None,) * 11, days.disturbed), LIMITS)
    assert isinstance(found, Fell)


def test_until_it_knows_how_windows_differ_it_sees_only_a_gross_fall_and_says_so() -> None:
    """A week and a day of days that differ by 2 % leave little to learn from; each week more does."""
    means = [0.1 * (1 + 0.02 * float(shock)) for shock in np.random.default_rng(3).standard_normal(29)]
    seen = [smallest_visible(history(means[:days], spread=0.01), LIMITS) for days in (8, 15, 29)]
    falls = [each.fall for each in seen if each is not None]
    assert len(falls) == 3
    assert falls[0] > 0.4 > 0.2 > falls[1] > 0.1 > falls[2]
    assert smallest_visible(history([0.1] * 5), LIMITS) is None


def test_what_could_be_seen_is_less_where_days_differ_by_themselves() -> None:
    rng = np.random.default_rng(4)
    calm = [0.1] * 28
    wild = [0.1 * (1 + 0.05 * float(shock)) for shock in rng.standard_normal(28)]
    quiet, noisy = (smallest_visible(history(means, spread=0.01), LIMITS) for means in (calm, wild))
    assert quiet is not None and noisy is not None
    assert quiet.fall < 0.08 < noisy.fall
    assert isinstance(judge_drop(history([*calm[:21], *[0.092] * 7], spread=0.01), LIMITS), Fell)
    fallen = [mean * (0.92 if day >= 21 else 1.0) for day, mean in enumerate(wild)]
    assert not isinstance(judge_drop(history(fallen, spread=0.01), LIMITS), Fell)


def test_a_holiday_among_days_that_differ_is_no_fall() -> None:
    rng = np.random.default_rng(5)
    means = [0.1 * (1 + 0.01 * float(shock)) for shock in rng.standard_normal(22)]
    means[3] *= 0.9
    means[12] *= 0.88
    means[-1] *= 0.88
    assert not isinstance(judge_drop(history(means, spread=0.01), LIMITS), Fell)


def test_a_window_counts_as_reference_for_as_many_weeks_as_are_said() -> None:
    days = history([0.1] * 43)
    assert reference_places(days, 42, 42, LIMITS) == [14, 21, 28, 35]
    assert reference_places(days, 42, 42, replace(LIMITS, reference_weeks=2)) == [28, 35]
    assert reference_places(history([0.1] * 71), 70, 70, replace(LIMITS, reference_weeks=8))[0] == 14
    plain = QualityHistory(days.windows, (None,) * 43, days.disturbed)
    week = replace(LIMITS, reference_weeks=1, preceding_windows=100)
    assert reference_places(plain, 20, 20, week) == list(range(12, 20))  # a week and the window's own length before it
    assert reference_places(plain, 20, 20, replace(week, preceding_windows=3)) == [17, 18, 19]


def test_what_is_judged_is_no_noise_however_far_it_fell() -> None:
    """Seven equal falls are a fall, though they would be a great noise among the weeks before."""
    found = judge_drop(history([0.1] * 14 + [0.05] * 7, spread=0.01), replace(LIMITS, lookbacks=(1, 7)))
    assert isinstance(found, Fell)
    assert (found.windows, found.since) == (7, 14 * DAY)
    assert found.drop.error < 0.05


def test_a_fall_is_dated_by_the_lookback_that_shows_it_best() -> None:
    found = judge_drop(history([0.1] * 21 + [0.08] * 3, spread=0.01), LIMITS)
    assert isinstance(found, Fell)
    assert (found.windows, found.since) == (3, 21 * DAY)
    assert found.newest is not None
    assert found.newest.relative == pytest.approx(0.2, abs=0.03)


def test_an_hour_that_comes_twice_and_a_gap_in_traffic_are_judged_as_ever() -> None:
    """A day twice in a row, as after a clock set back, and three days without a request, among four weeks."""
    windows = list(history([0.1] * 28, spread=0.01).windows)
    rhythms = [(day % 7, 0) for day in range(28)]
    for day in (10, 11, 12):
        windows[day] = Window(day * DAY, DAY, np.zeros((2, BUCKETS)), np.zeros((2, BUCKETS)))
    rhythms[20] = rhythms[19]
    whole = QualityHistory(tuple(windows), tuple(rhythms), (False,) * 28)
    assert isinstance(judge_drop(whole, LIMITS), Calm)
    windows[-1] = window(27, 0.05, spread=0.01)
    fallen = judge_drop(QualityHistory(tuple(windows), tuple(rhythms), (False,) * 28), LIMITS)
    assert isinstance(fallen, Fell)
    assert (fallen.windows, fallen.since) == (1, 27 * DAY)


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
