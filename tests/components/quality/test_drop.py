"""How a fall is measured, and how often its interval is right."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy.stats import t

from components.quality.drop import Chance, ComparedWindows, relative_drop
from components.quality.noise import WindowNoise, without_noise
from components.quality.window import BUCKETS, Window, pool, rhythm_of

DAY = 86_400.0
NONE = without_noise()


def even(requests: tuple[float, ...], means: tuple[float, ...], start: float = 0.0) -> Window:
    """A window whose users are all alike; one stratum per entry."""
    n = np.array([[each / BUCKETS] * BUCKETS for each in requests])
    return Window(start, DAY, n, n * np.array(means)[:, None])


def test_a_fall_is_relative_to_the_reference() -> None:
    drop = relative_drop(
        [ComparedWindows(even((900, 100), (0.09, 0.045)), (even((900, 100), (0.1, 0.05)),))], 0.025, NONE
    )
    assert drop is not None
    assert drop.relative == pytest.approx(0.1)
    assert (drop.before, drop.after) == (pytest.approx(0.095), pytest.approx(0.0855))
    assert drop.low == pytest.approx(drop.high)


def test_more_cold_users_are_no_fall() -> None:
    drop = relative_drop(
        [ComparedWindows(even((500, 500), (0.1, 0.05)), (even((900, 100), (0.1, 0.05)),))], 0.025, NONE
    )
    assert drop is not None
    assert drop.relative == pytest.approx(0.0)


def test_a_stratum_without_reference_is_left_out_and_said_so() -> None:
    drop = relative_drop([ComparedWindows(even((600, 400), (0.1, 0.01)), (even((900, 0), (0.1, 0.0)),))], 0.025, NONE)
    assert drop is not None
    assert drop.relative == pytest.approx(0.0)
    assert (drop.matched, drop.requests) == (pytest.approx(0.6), pytest.approx(600))


def test_nothing_to_compare_with_is_nothing() -> None:
    current = even((900, 100), (0.1, 0.1))
    assert relative_drop([ComparedWindows(current, (even((0, 0), (0.0, 0.0)),))], 0.025, NONE) is None
    assert relative_drop([ComparedWindows(current, (even((900, 100), (0.0, 0.0)),))], 0.025, NONE) is None


def test_one_user_alone_gives_no_interval() -> None:
    requests = np.zeros((2, BUCKETS))
    requests[0, 3] = 500
    window = Window(0.0, DAY, requests, requests * 0.1)
    assert relative_drop([ComparedWindows(window, (window,))], 0.025, NONE) is None


def test_requests_of_the_same_user_are_not_independent() -> None:
    """Sixty-four users of whom half like everything: the interval is that of 64 draws, not of 6,400."""
    rng = np.random.default_rng(0)
    liking = (rng.random(BUCKETS) < 0.5).astype(float)
    requests = np.full((1, BUCKETS), 100.0)
    before = Window(0.0, DAY, requests, requests * 0.5)
    drop = relative_drop([ComparedWindows(Window(DAY, DAY, requests, requests * liking), (before,))], 0.025, NONE)
    assert drop is not None
    assert drop.error == pytest.approx(2 * np.sqrt(liking.var(ddof=1) / BUCKETS), rel=0.1)


def test_users_who_are_in_both_windows_cancel() -> None:
    rng = np.random.default_rng(0)
    tastes = rng.random(BUCKETS)
    requests = np.full((1, BUCKETS), 100.0)
    drop = relative_drop(
        [
            ComparedWindows(
                Window(DAY, DAY, requests, 0.9 * requests * tastes), (Window(0, DAY, requests, requests * tastes),)
            )
        ],
        0.025,
        NONE,
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
        drop = relative_drop([ComparedWindows(windows[1], (windows[0],))], 0.025, NONE)
        assert drop is not None
        covered += drop.low <= 0.1 <= drop.high
    assert 0.93 <= covered / runs <= 0.97


def certain(deviation: float, autocorrelation: float = 0.0) -> WindowNoise:
    return WindowNoise(np.array([deviation]), np.array([autocorrelation]), np.ones(1))


def test_noise_of_the_reference_counts_as_well_and_less_the_more_windows_there_are() -> None:
    now, then = even((1000.0,), (0.1,)), even((1000.0,), (0.1,))
    one = relative_drop([ComparedWindows(now, (then,), 9, (2,))], 0.025, certain(0.01))
    four = relative_drop([ComparedWindows(now, (then,) * 4, 9, (2, 4, 6, 8))], 0.025, certain(0.01))
    assert one is not None and four is not None
    assert one.chance.by_windows == pytest.approx([2e-4])
    assert four.chance.by_windows == pytest.approx([1.25e-4])
    assert one.error > four.error > 0


def test_days_in_a_run_tell_less_than_as_many_apart() -> None:
    day = even((1000.0,), (0.1,))
    pairs = [ComparedWindows(day, (day,), place, (place - 7,)) for place in range(7, 14)]
    alone, in_runs = (relative_drop(pairs, 0.025, certain(0.01, rho)) for rho in (0.0, 0.6))
    assert alone is not None and in_runs is not None
    assert in_runs.error > 1.5 * alone.error


def test_what_is_not_known_of_the_noise_widens_the_interval() -> None:
    day = even((1000.0,), (0.1,))
    doubt = WindowNoise(np.array([0.01, 0.1]), np.zeros(2), np.array([0.9, 0.1]))
    sure, unsure = (relative_drop([ComparedWindows(day, (day,))], 0.001, noise) for noise in (certain(0.01), doubt))
    assert sure is not None and unsure is not None
    assert unsure.high > 2 * sure.high
    assert unsure.visible(0.05) > 2 * sure.visible(0.05)


def test_a_fall_within_what_is_tolerated_is_not_visible_however_calm_the_windows() -> None:
    day = even((1000.0,), (0.1,))
    drop = relative_drop([ComparedWindows(day, (day,))], 0.001, NONE)
    assert drop is not None
    assert drop.visible(0.05) == pytest.approx(0.05)


@pytest.mark.parametrize(("buckets", "judged"), [(7, False), (8, True)])
def test_users_in_eight_buckets_are_enough_and_in_seven_too_few(buckets: int, judged: bool) -> None:
    requests = np.zeros((1, BUCKETS))
    requests[0, :buckets] = 100.0
    window = Window(0.0, DAY, requests, requests * np.linspace(0.1, 0.2, BUCKETS))
    assert (relative_drop([ComparedWindows(window, (window,))], 0.025, NONE) is not None) is judged


@pytest.mark.parametrize(("requests", "matched"), [(29.0, 0.9), (30.0, 1.0)])
def test_thirty_requests_in_the_reference_are_enough_for_a_stratum(requests: float, matched: float) -> None:
    now, then = even((900.0, 100.0), (0.1, 0.1)), even((900.0, requests), (0.1, 0.1))
    drop = relative_drop([ComparedWindows(now, (then,))], 0.025, NONE)
    assert drop is not None
    assert drop.matched == pytest.approx(matched)


def test_pooled_windows_add_up() -> None:
    pooled = pool([even((100,), (0.1,)), even((300,), (0.2,), DAY)])
    assert (pooled.n_requests, pooled.mean, pooled.seconds) == (pytest.approx(400), pytest.approx(0.175), 2 * DAY)


def test_weekday_and_hour_are_local_and_survive_a_clock_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    sunday = 1_792_886_400.0  # 2026-10-25 00:00 UTC; clocks go back at 01:00 UTC
    hours = [rhythm_of(sunday + hour * 3600, 3600, zone) for hour in range(3)]
    assert hours == [(6, 2), (6, 2), (6, 3)]  # two o'clock comes twice
    assert [rhythm_of(sunday + day * DAY, DAY, zone)[0] for day in range(-1, 3)] == [5, 6, 0, 1]


def test_a_day_is_that_of_most_of_its_hours() -> None:
    """Days are cut in UTC: in New York they begin on the evening before, also on the day that a clock is set back."""
    zone = ZoneInfo("America/New_York")
    monday = 1_793_577_600.0  # 2026-11-02 00:00 UTC, the day after the clocks went back
    assert [rhythm_of(monday + day * DAY, DAY, zone) for day in (-1, 0, 1)] == [(6, 0), (0, 0), (1, 0)]


def test_an_hour_is_the_one_that_most_of_it_lies_in_where_clocks_are_half_an_hour_off() -> None:
    """Sums of hours are kept by the hour of UTC: in India each is half of two."""
    assert rhythm_of(0.0, 3600, ZoneInfo("Asia/Kolkata")) == (3, 6)  # from 5:30 to 6:30
    assert rhythm_of(0.0, 3600, ZoneInfo("UTC")) == (3, 0)


def test_users_fall_into_as_many_buckets_as_sums_are_kept_by() -> None:
    assert BUCKETS == 64


def chance(by_users: float, *by_windows: float, windows: float = 1.0, buckets: int = 64) -> Chance:
    n = len(by_windows)
    return Chance(by_users, np.array(by_windows), np.full(n, 1 / n), buckets, windows)


def test_chance_among_users_has_as_many_degrees_of_freedom_as_there_are_other_buckets() -> None:
    users = chance(4e-4, 0.0)
    assert users.reach(0.01) == pytest.approx(-t.ppf(0.01, 63) * 0.02, rel=1e-3)
    assert users.beyond(0.05) == pytest.approx(t.sf(2.5, 63))
    few = chance(4e-4, 0.0, buckets=9)
    assert few.reach(0.01) == pytest.approx(-t.ppf(0.01, 8) * 0.02, rel=1e-3)


@pytest.mark.parametrize(("windows", "freedom"), [(1.0, 3), (3.0, 5), (14.0, 16)])
def test_noise_of_windows_has_heavy_tails_that_end_as_more_of_them_are_judged(windows: float, freedom: int) -> None:
    """Student's t with the variance of the noise, whose degrees of freedom are three and one more a window."""
    noise = chance(0.0, 4e-4, windows=windows)
    scale = 0.02 * np.sqrt((freedom - 2) / freedom)
    assert noise.reach(0.001) == pytest.approx(-t.ppf(0.001, freedom) * scale, rel=1e-3)
    assert noise.beyond(0.1) == pytest.approx(t.sf(0.1 / scale, freedom))


def test_where_users_explain_most_the_tails_are_lighter() -> None:
    """A quarter of the variance is that of windows: three over a quarter are twelve degrees of freedom."""
    mixed = chance(3e-4, 1e-4)
    assert mixed.beyond(0.05) == pytest.approx(t.sf(2.5, 12))


def test_guesses_of_the_noise_are_mixed_by_their_weights_and_scaled_by_what_is_left() -> None:
    mixed = chance(1e-4, 0.0, 1e-2)
    alone = [chance(1e-4, 0.0).beyond(0.1), chance(1e-4, 1e-2).beyond(0.1)]
    assert mixed.beyond(0.1) == pytest.approx(sum(alone) / 2)
    assert mixed.beyond(mixed.reach(0.01)) == pytest.approx(0.01, rel=1e-2)
    halved = chance(0.0, 4e-4).scaled(0.5)
    assert halved.reach(0.01) == pytest.approx(chance(0.0, 1e-4).reach(0.01))
    assert chance(1e-4, 0.0).scaled(0.5).by_users == 1e-4


def test_without_any_chance_everything_that_fell_has_fallen() -> None:
    none = chance(0.0, 0.0)
    assert (none.reach(0.01), none.beyond(0.001), none.beyond(0.0), none.beyond(-0.1)) == (0.0, 0.0, 1.0, 1.0)


def test_without_earlier_windows_there_are_no_requests_to_hold_against() -> None:
    alone = ComparedWindows(even((1000.0,), (0.1,)), ())
    assert (alone.reference.n_requests, alone.reference.gain.sum()) == (0, 0)
    assert ComparedWindows(even((1000.0,), (0.1,)), (even((400.0,), (0.1,)),)).reference.n_requests == 400


def test_a_window_and_what_it_is_held_against_err_together_the_nearer_they_are() -> None:
    day = even((1000.0,), (0.1,))
    for gap in (1, 2, 7):
        pair = ComparedWindows(day, (day,), 9, (9 - gap,))
        drop = relative_drop([pair], 0.025, certain(0.01, 0.5))
        assert drop is not None
        assert drop.chance.by_windows == pytest.approx([2e-4 * (1 - 0.5**gap)])
        assert drop.chance.windows == 1


def test_a_window_counts_by_its_requests_and_one_that_is_held_against_two_counts_for_both() -> None:
    small, large = even((1000.0,), (0.1,)), even((3000.0,), (0.1,))
    pairs = [ComparedWindows(small, (large,), 8, (1,)), ComparedWindows(large, (large, small), 9, (1, 2))]
    drop = relative_drop([*pairs, ComparedWindows(small, (), 10, ())], 0.025, certain(0.01))
    assert drop is not None
    on_first, on_second = 0.25 + 0.75 * 0.75, 0.75 * 0.25
    assert drop.chance.by_windows == pytest.approx([1e-4 * (0.25**2 + 0.75**2 + on_first**2 + on_second**2)])
    assert drop.chance.windows == pytest.approx(1 / (0.25**2 + 0.75**2))
