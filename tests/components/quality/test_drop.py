"""How a fall is measured, and how often its interval is right."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from components.quality.drop import ComparedWindows, relative_drop
from components.quality.noise import window_noise
from components.quality.window import BUCKETS, Window, pool, rhythm_of

DAY = 86_400.0


def even(requests: tuple[float, ...], means: tuple[float, ...], start: float = 0.0) -> Window:
    """A window whose users are all alike; one stratum per entry."""
    n = np.array([[each / BUCKETS] * BUCKETS for each in requests])
    return Window(start, DAY, n, n * np.array(means)[:, None])


def test_a_fall_is_relative_to_the_reference() -> None:
    drop = relative_drop([ComparedWindows(even((900, 100), (0.09, 0.045)), even((900, 100), (0.1, 0.05)))], 0.025, 0.0)
    assert drop is not None
    assert drop.relative == pytest.approx(0.1)
    assert (drop.before, drop.after) == (pytest.approx(0.095), pytest.approx(0.0855))
    assert drop.low == pytest.approx(drop.high)


def test_more_cold_users_are_no_fall() -> None:
    drop = relative_drop([ComparedWindows(even((500, 500), (0.1, 0.05)), even((900, 100), (0.1, 0.05)))], 0.025, 0.0)
    assert drop is not None
    assert drop.relative == pytest.approx(0.0)


def test_a_stratum_without_reference_is_left_out_and_said_so() -> None:
    drop = relative_drop([ComparedWindows(even((600, 400), (0.1, 0.01)), even((900, 0), (0.1, 0.0)))], 0.025, 0.0)
    assert drop is not None
    assert drop.relative == pytest.approx(0.0)
    assert (drop.matched, drop.requests) == (pytest.approx(0.6), pytest.approx(600))


def test_nothing_to_compare_with_is_nothing() -> None:
    current = even((900, 100), (0.1, 0.1))
    assert relative_drop([ComparedWindows(current, even((0, 0), (0.0, 0.0)))], 0.025, 0.0) is None
    assert relative_drop([ComparedWindows(current, even((900, 100), (0.0, 0.0)))], 0.025, 0.0) is None


def test_one_user_alone_gives_no_interval() -> None:
    requests = np.zeros((2, BUCKETS))
    requests[0, 3] = 500
    window = Window(0.0, DAY, requests, requests * 0.1)
    assert relative_drop([ComparedWindows(window, window)], 0.025, 0.0) is None


def test_requests_of_the_same_user_are_not_independent() -> None:
    """Sixty-four users of whom half like everything: the interval is that of 64 draws, not of 6,400."""
    rng = np.random.default_rng(0)
    liking = (rng.random(BUCKETS) < 0.5).astype(float)
    requests = np.full((1, BUCKETS), 100.0)
    before = Window(0.0, DAY, requests, requests * 0.5)
    drop = relative_drop([ComparedWindows(Window(DAY, DAY, requests, requests * liking), before)], 0.025, 0.0)
    assert drop is not None
    assert drop.error == pytest.approx(2 * np.sqrt(liking.var(ddof=1) / BUCKETS), rel=0.1)


def test_users_who_are_in_both_windows_cancel() -> None:
    rng = np.random.default_rng(0)
    tastes = rng.random(BUCKETS)
    requests = np.full((1, BUCKETS), 100.0)
    drop = relative_drop(
        [
            ComparedWindows(
                Window(DAY, DAY, requests, 0.9 * requests * tastes), Window(0, DAY, requests, requests * tastes)
            )
        ],
        0.025,
        0.0,
    )
    assert drop is not None
    assert drop.error == pytest.approx(0.0, abs=1e-9)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    covered, runs = 0, 600
    for _ in range(runs):
        users = rng.lognormal(0, 1, 800)
        tastes = rng.beta(1, 9, 800)
        bucket = rng.integers(0, BUCKETS, 800)
        windows = []
        for factor in (1.0, 0.9):
            count = rng.poisson(users * 3)
            hits = rng.binomial(count, tastes * factor)
            requests = np.bincount(bucket, count, BUCKETS)[None]
            windows.append(Window(0.0, DAY, requests, np.bincount(bucket, hits, BUCKETS)[None]))
        drop = relative_drop([ComparedWindows(windows[1], windows[0])], 0.025, 0.0)
        assert drop is not None
        covered += drop.low <= 0.1 <= drop.high
    assert 0.93 <= covered / runs <= 0.97


def test_noise_between_windows_is_found_beside_what_is_assumed() -> None:
    rng = np.random.default_rng(2)
    drops = []
    for _ in range(200):
        pair = [even((1000.0,), (0.1 * (1 + 0.02 * rng.standard_normal()),)) for _ in range(2)]
        drop = relative_drop([ComparedWindows(*pair)], 0.025, 0.0)
        assert drop is not None
        drops.append(drop)
    assert window_noise(drops, assumed=0.0) == pytest.approx(0.02, rel=0.2)
    assert window_noise([], assumed=0.015) == pytest.approx(0.015)


def test_pooled_windows_add_up() -> None:
    pooled = pool([even((100,), (0.1,)), even((300,), (0.2,), DAY)])
    assert (pooled.n_requests, pooled.mean, pooled.seconds) == (pytest.approx(400), pytest.approx(0.175), 2 * DAY)


def test_weekday_and_hour_are_local_and_survive_a_clock_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    sunday = 1_792_886_400.0  # 2026-10-25 00:00 UTC; clocks go back at 01:00 UTC
    hours = [rhythm_of(sunday + hour * 3600, 3600, zone) for hour in range(3)]
    assert hours == [(6, 2), (6, 2), (6, 3)]  # two o'clock comes twice
    assert [rhythm_of(sunday + day * DAY, DAY, zone)[0] for day in range(-1, 3)] == [5, 6, 0, 1]
