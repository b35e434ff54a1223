"""Simulated experiments follow seed, relevance and shape, and nothing but clicks depends on the variant."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from benchmarks.experiment_trials import read_daily
from components.simulation.click_model import examination
from components.simulation.experiment import ExperimentCourse, simulate_clicks, simulate_experiment
from components.simulation.population import Population, Shape, expected_metrics

EXAMINED = examination(3)


def test_the_same_seed_gives_the_same_experiment() -> None:
    first, second = (
        simulate_experiment(np.random.default_rng(5), 300, ExperimentCourse(4), Shape(), 0.1, EXAMINED)
        for _ in range(2)
    )
    for one, other in zip(astuple(first), astuple(second), strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_relevance_nobody_clicks_and_with_all_every_seen_item_is_clicked() -> None:
    population = Population(np.full(40, 2.0), np.zeros(40), np.zeros(40, dtype=bool))
    relevance = np.repeat([[0.0, 0.0], [1.0, 1.0]], 20, axis=0)
    variant = np.repeat([0, 1], 20)
    found = simulate_clicks(
        np.random.default_rng(0), population, variant, np.zeros((40, 2)), relevance, ExperimentCourse(10), np.ones(2)
    )
    assert found.impressions.sum() > 0
    np.testing.assert_array_equal(found.clicks[:20], 0)
    np.testing.assert_array_equal(found.clicks[20:], found.impressions[20:])
    np.testing.assert_array_equal(found.clicks_before, 0)


def test_new_users_have_no_history() -> None:
    found = simulate_experiment(np.random.default_rng(1), 500, ExperimentCourse(1), Shape(new_users=1.0), 0.0, EXAMINED)
    assert found.impressions_before.sum() == found.clicks_before.sum() == 0
    assert found.impressions.sum() > 0


def test_the_treatment_changes_clicks_by_the_lift_and_impressions_not_at_all() -> None:
    shape, course = Shape(activity_spread=0.3, taste_spread=0.3), ExperimentCourse(1, 14)
    found = simulate_experiment(np.random.default_rng(2), 100_000, course, shape, 0.5, EXAMINED)
    for label, lift in ((0, 0.0), (1, 0.5)):
        rows = found.variant == label
        rate = found.clicks[rows].sum() / found.impressions[rows].sum()
        truth = expected_metrics(shape, 14, EXAMINED, lift).clicks_per_impression
        # About 110,000 requests per variant with .2 to .3 clicks each: four standard errors are 3 %.
        assert rate == pytest.approx(truth, rel=0.03)
        assert found.impressions[rows].sum() / rows.sum() == pytest.approx(0.15 * np.exp(0.045) * 14 * 3, rel=0.02)


def test_one_long_period_is_as_many_short_ones() -> None:
    long, short = (
        simulate_experiment(np.random.default_rng(3), 50_000, course, Shape(), 0.0, EXAMINED)
        for course in (ExperimentCourse(1, 14), ExperimentCourse(14, 1))
    )
    active = [(each.impressions.sum(axis=1) > 0).mean() for each in (long, short)]
    # Four standard errors of the difference of two shares in 50,000 users are .013.
    assert active[0] == pytest.approx(active[1], abs=0.013)
    assert long.impressions.shape == (50_000, 1)
    assert short.impressions.shape == (50_000, 14)


def test_users_fall_on_the_treatment_by_its_share() -> None:
    found = simulate_experiment(
        np.random.default_rng(4), 10_000, ExperimentCourse(1, treatment_share=0.1), Shape(), 0.0, EXAMINED
    )
    assert found.variant.mean() == pytest.approx(0.1, abs=0.012)


def test_weekends_are_busier_the_week_is_not_and_who_is_around_comes_back() -> None:
    course = ExperimentCourse(28, weekend=0.5, staying=0.8, around=0.25)
    plain, found = (
        simulate_experiment(np.random.default_rng(6), 20_000, each, Shape(), 0.0, EXAMINED).impressions / len(EXAMINED)
        for each in (ExperimentCourse(28), course)
    )
    assert found.sum() == pytest.approx(plain.sum(), rel=0.05)
    weekend = np.arange(28) % 7 >= 5
    assert found[:, weekend].mean() / found[:, ~weekend].mean() == pytest.approx(1.5 / 0.8, rel=0.05)
    rates = []
    for each in (plain, found):
        asked = each > 0
        active = asked.any(axis=1)
        rates.append(asked[active, 1:][asked[active, :-1]].mean() / asked[active, 1:].mean())
    assert rates[1] > 1.3 * rates[0]


def test_on_weekends_more_may_be_liked() -> None:
    course = ExperimentCourse(14, weekend_taste=0.5)
    found = simulate_experiment(np.random.default_rng(7), 20_000, course, Shape(), 0.0, EXAMINED)
    weekend = np.arange(14) % 7 >= 5
    rates = [found.clicks[:, days].sum() / found.impressions[:, days].sum() for days in (weekend, ~weekend)]
    assert rates[0] / rates[1] == pytest.approx(1.5, rel=0.1)


def test_a_rhythm_of_days_needs_periods_of_a_day() -> None:
    with pytest.raises(ValueError, match="periods of one day"):
        ExperimentCourse(1, 14, staying=0.5)


def test_with_weekly_rhythm_and_people_who_come_back_a_test_errs_as_seldom_as_it_says() -> None:
    course = ExperimentCourse(14, weekend=0.4, weekend_taste=0.2, staying=0.8)
    found = read_daily(8, 120, 2_000, 14, 0.0, 0.1, course)
    assert found.fixed <= 0.05 + 3 * (0.05 * 0.95 / 120) ** 0.5
    assert found.sequential_daily <= 0.05
