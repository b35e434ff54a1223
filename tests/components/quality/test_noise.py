"""What a history says of its noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.stats import multivariate_normal

from components.quality.noise import (
    AUTOCORRELATION_WEIGHTS,
    AUTOCORRELATIONS,
    LARGER_FIRST,
    RELATIVE_FLOOR,
    RHYTHM_RATIOS,
    STANDARD_DEVIATIONS,
    WindowNoise,
    learn_noise,
)
from components.quality.window import BUCKETS, Window

DAY = 86_400.0


def windows(factors: np.ndarray, rng: np.random.Generator, spread: float = 0.02) -> list[Window]:
    """Days of a given quality, whose buckets differ by chance."""
    requests = np.full((1, BUCKETS), 100.0)
    made = []
    for day, factor in enumerate(factors):
        luck = 1 + spread * rng.standard_normal((1, BUCKETS))
        made.append(Window(day * DAY, DAY, requests, requests * 0.1 * factor * luck))
    return made


def learnt(factors: np.ndarray, rng: np.random.Generator, shifted: int = 0) -> WindowNoise:
    n = len(factors)
    return learn_noise(
        windows(factors, rng),
        range(n),
        [day % 7 for day in range(n)],
        [day % 7 >= 5 for day in range(n)],
        [day >= n - shifted for day in range(n)],
    )


@pytest.mark.parametrize("deviation", [0.01, 0.03])
def test_the_noise_of_days_is_found_beside_rhythm_and_chance(deviation: float) -> None:
    rng = np.random.default_rng(1)
    rhythm = 1 + 0.2 * (np.arange(140) % 7 >= 5)
    found = learnt(rhythm * (1 + deviation * rng.standard_normal(140)), rng)
    assert found.typical == pytest.approx(deviation, rel=0.5)
    assert found.seen == 140 - 2
    assert found.weights.sum() == pytest.approx(1.0)


def test_days_in_runs_are_told_from_days_alone() -> None:
    rng = np.random.default_rng(2)
    runs = np.zeros(140)
    for day in range(1, 140):
        runs[day] = 0.7 * runs[day - 1] + 0.02 * rng.standard_normal()
    alone = learnt(1 + 0.02 * rng.standard_normal(140), rng)
    together = learnt(1 + runs, rng)
    assert alone.weights @ alone.autocorrelations < 0.2
    assert together.weights @ together.autocorrelations > 0.5


def test_windows_of_which_no_two_are_alike_teach_nothing_and_larger_deviations_stay_likelier() -> None:
    found = learn_noise(windows(np.ones(7), np.random.default_rng(3)), range(7), range(7), range(7), [False] * 7)
    assert found.seen == 0
    each = [found.weights[found.deviations == deviation].sum() for deviation in STANDARD_DEVIATIONS]
    assert sum(each) == pytest.approx(1)
    assert each[-1] / each[0] == pytest.approx(400**LARGER_FIRST)


def test_days_of_one_working_week_teach_where_weekdays_are_alike() -> None:
    found = learnt(np.ones(14), np.random.default_rng(3))
    assert found.seen == 14 - 2
    apart = learn_noise(
        windows(np.ones(14), np.random.default_rng(3)),
        range(14),
        [day % 7 for day in range(14)],
        [day % 7 for day in range(14)],
        [False] * 14,
    )
    assert apart.seen == 7
    large, larger = (of.weights @ (of.deviations > 0.03) for of in (found, apart))
    assert large < larger / 10


def test_weekdays_that_differ_as_they_please_are_no_noise() -> None:
    week = 1 + 0.1 * np.random.default_rng(7).standard_normal(7)
    assert learnt(np.tile(week, 8), np.random.default_rng(8)).typical < 0.01


def test_what_the_judged_days_fell_by_is_no_noise() -> None:
    rng = np.random.default_rng(4)
    factors = np.ones(28)
    factors[21:] = 0.7
    assert learnt(factors, rng, shifted=7).typical < 0.01
    assert learnt(factors, rng).typical > 0.05


def test_windows_without_traffic_teach_nothing_and_do_no_harm() -> None:
    rng = np.random.default_rng(5)
    made = windows(np.ones(28), rng)
    made[9] = Window(9 * DAY, DAY, np.zeros((1, BUCKETS)), np.zeros((1, BUCKETS)))
    found = learn_noise(
        made, range(28), [day % 7 for day in range(28)], [day % 7 >= 5 for day in range(28)], [False] * 28
    )
    assert found.seen == 27 - 2
    assert learn_noise([], [], [], [], []).seen == 0


def test_the_variance_of_a_contrast_knows_what_is_next_to_what() -> None:
    noise = WindowNoise(np.array([0.1, 0.1]), np.array([0.0, 0.5]), np.array([0.5, 0.5]))
    near = noise.variances([3, 4], np.array([1.0, -1.0]))
    far = noise.variances([3, 13], np.array([1.0, -1.0]))
    assert near == pytest.approx([0.02, 0.01])
    assert far == pytest.approx([0.02, 0.02 * (1 - 0.5**10)])


def test_the_weights_are_those_of_the_restricted_likelihood() -> None:
    """Against the density of all combinations of ten days that know nothing of their levels, computed in one piece.

    All users are alike, so that a day's own variance is the floor under it.
    """
    factors = 1 + 0.03 * np.random.default_rng(6).standard_normal(10)
    requests = np.full((1, BUCKETS), 100.0)
    places = [0, 1, 2, 3, 7, 8, 9, 10, 11, 12]
    made = [
        Window(place * DAY, DAY, requests, requests * factor) for place, factor in zip(places, factors, strict=True)
    ]
    rhythms = [place % 3 for place in places]
    groups = [rhythm == 0 for rhythm in rhythms]
    shifted = [place > 10 for place in places]
    found = learn_noise(made, places, rhythms, groups, shifted)
    design = np.column_stack([*(np.array(groups) == each for each in (True, False)), shifted]).astype(float)
    free = null_space(design.T)
    assert found.seen == free.shape[1] == 7
    alike = np.equal.outer(rhythms, rhythms).astype(float)
    gaps = np.abs(np.subtract.outer(places, places))
    wanders = dict(zip(AUTOCORRELATIONS, AUTOCORRELATION_WEIGHTS, strict=True))
    likelihoods = []
    for rho in AUTOCORRELATIONS:
        for ratio in RHYTHM_RATIOS:
            for deviation in STANDARD_DEVIATIONS:
                wandering = deviation**2 * (rho**gaps + ratio**2 * alike)
                covariance = free.T @ (RELATIVE_FLOOR * np.eye(10) + wandering) @ free
                density = multivariate_normal(np.zeros(7), covariance).pdf(free.T @ np.log(factors))
                likelihoods.append(density * wanders[rho] * deviation**LARGER_FIRST)
    expected = np.array(likelihoods) / sum(likelihoods)
    assert found.weights == pytest.approx(expected[expected > 1e-8], rel=1e-5)


def test_a_contrast_of_windows_varies_by_their_noise_and_less_where_neighbours_are_alike() -> None:
    noise = WindowNoise(np.array([0.1, 0.1]), np.array([0.0, 0.5]), np.array([0.5, 0.5]))
    assert noise.variances([4, 5], np.array([1.0, -1.0])) == pytest.approx([0.02, 0.01])
    assert noise.variances([4, 6], np.array([1.0, -1.0])) == pytest.approx([0.02, 0.015])
    assert noise.variances([4], np.array([2.0])) == pytest.approx([0.04, 0.04])


def test_the_typical_deviation_is_the_median_of_the_guesses() -> None:
    noise = WindowNoise(np.array([0.3, 0.1, 0.2]), np.zeros(3), np.array([0.3, 0.4, 0.3]))
    assert noise.typical == 0.2
    assert WindowNoise(np.array([0.3, 0.1]), np.zeros(2), np.array([0.5, 0.5])).typical == 0.1


def test_what_is_believed_beforehand_is_a_share_each_and_less_for_longer_runs() -> None:
    assert sum(AUTOCORRELATION_WEIGHTS) == pytest.approx(1)
    assert list(AUTOCORRELATION_WEIGHTS) == sorted(AUTOCORRELATION_WEIGHTS, reverse=True)
    assert (min(STANDARD_DEVIATIONS), max(STANDARD_DEVIATIONS)) == pytest.approx((0.001, 0.4))
    assert RHYTHM_RATIOS[:2] == (0.0, 1.0) and AUTOCORRELATIONS[0] == 0.0


def test_where_every_rhythm_is_a_group_of_its_own_no_guess_is_made_twice() -> None:
    of = [day % 7 for day in range(14)]
    found = learn_noise(windows(np.ones(14), np.random.default_rng(3)), range(14), of, of, [False] * 14)
    guesses = list(zip(found.deviations.tolist(), found.autocorrelations.tolist(), strict=True))
    assert len(set(guesses)) == len(guesses)


def test_a_guess_with_hardly_any_weight_is_left_out_and_the_rest_sum_to_one() -> None:
    found = learnt(1 + 0.03 * np.random.default_rng(9).standard_normal(140), np.random.default_rng(10))
    assert found.weights.min() > 1e-8
    assert len(found.weights) < len(STANDARD_DEVIATIONS) * len(AUTOCORRELATIONS) * len(RHYTHM_RATIOS)
    assert found.weights.sum() == pytest.approx(1.0)
