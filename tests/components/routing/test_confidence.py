"""The chance of a hit is calibrated where hits are drawn from a known curve."""

from __future__ import annotations

import numpy as np
import pytest

from components.routing.confidence import calibration_error, cross_fitted, features_of, fit_confidence

TRUE = np.array([-1.0, 1.0, 0.5, 0.0])


def world(n: int = 4_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((n, 3))
    chance = 1 / (1 + np.exp(-(TRUE[0] + features @ TRUE[1:])))
    return features, rng.random(n) < chance, chance


def test_the_curve_is_found_again_and_calibrated_on_users_it_has_not_seen() -> None:
    features, hit, chance = world()
    curve = fit_confidence(features, hit)
    assert curve is not None
    assert np.abs(np.array(curve.weights) - TRUE).max() < 0.15
    chances = cross_fitted(features, hit, seed=1)
    assert chances is not None
    assert calibration_error(chances, hit) < 0.03
    assert np.abs(chances - chance).mean() < 0.02


def test_overconfidence_is_seen() -> None:
    _, hit, chance = world()
    assert calibration_error(np.where(chance > 0.5, 0.99, 0.01), hit) > 0.1


def test_nothing_is_fitted_where_nothing_can_be_learnt() -> None:
    features, hit, _ = world(200)
    assert fit_confidence(features[:20], hit[:20]) is None
    assert fit_confidence(features, np.ones(200, bool)) is None


def test_features_have_no_scale_of_their_own() -> None:
    scores = np.linspace(5, 1, 100).astype(np.float32)
    assert np.allclose(features_of(scores, 7), features_of(scores * 30 - 4, 7), atol=1e-4)
    assert features_of(scores[:1], 0).tolist() == [0.0, 0.0, 0.0]
    assert np.isfinite(features_of(np.ones(10, np.float32), 3)).all()


def test_where_features_say_nothing_users_are_not_told_by_their_own_hits() -> None:
    """Forty features of pure chance fit the users that they were fitted on, and nobody else."""
    rng = np.random.default_rng(5)
    features, hit = rng.standard_normal((300, 40)), rng.random(300) < 0.5
    own = fit_confidence(features, hit)
    chances = cross_fitted(features, hit, seed=2)
    assert own is not None and chances is not None
    itself = np.array([own.of(row) for row in features])
    assert itself[hit].mean() - itself[~hit].mean() > 0.08
    assert chances[hit].mean() - chances[~hit].mean() < 0.05


def test_features_are_the_history_s_logarithm_and_where_the_head_of_the_list_lies() -> None:
    scores = np.arange(20.0, 0.0, -1.0)
    known, head, reach = features_of(scores, 9)
    spread = scores.std()
    assert known == np.log(10)
    assert head == pytest.approx((15.5 - 10.5) / spread)
    assert reach == pytest.approx(9 / spread)
    assert features_of(scores[:2], 0)[1:] == pytest.approx([0.0, 2.0])


def test_the_curve_is_the_one_that_a_ridge_over_all_but_the_intercept_makes_likeliest() -> None:
    features, hit, _ = world(400)
    curve = fit_confidence(features, hit)
    assert curve is not None
    weights = np.array(curve.weights)
    rows = np.column_stack([np.ones(400), features])
    slope = rows.T @ (hit - 1 / (1 + np.exp(-(rows @ weights)))) - np.array([0.0, *weights[1:]])
    assert np.abs(slope).max() < 1e-6
    assert curve.of(features[0]) == pytest.approx(1 / (1 + np.exp(-(rows[0] @ weights))))


def test_fifty_users_are_enough_if_they_differ() -> None:
    features, hit, _ = world(200)
    assert fit_confidence(features[:50], hit[:50]) is not None
    assert fit_confidence(features[:49], hit[:49]) is None
    assert fit_confidence(features, np.zeros(200, bool)) is None
    assert cross_fitted(features[:60], hit[:60], seed=1) is None  # four fifths of them are 48


def test_the_calibration_error_is_the_mean_gap_over_ten_groups_of_equal_size() -> None:
    """Forty users in groups of four: five groups hit as often as is said, five a quarter more often."""
    chances = np.repeat([0.25, 0.75], 20)
    hit = np.concatenate([np.tile([True, False, False, False], 5), np.ones(20, bool)])
    assert calibration_error(chances, hit) == pytest.approx(0.125)
    assert calibration_error(chances[:3], hit[:3]) == pytest.approx((0.75 + 0.25 + 0.25) / 3)
