"""The chance of a hit is calibrated where hits are drawn from a known curve."""

from __future__ import annotations

import numpy as np

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
