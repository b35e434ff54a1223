"""Drawn users differ as their shape says, and the exact truth is what many of them do."""

from __future__ import annotations

import numpy as np
import pytest

from components.simulation.click_model import examination
from components.simulation.population import Shape, draw_population, expected_metrics


def test_few_users_make_many_of_the_requests() -> None:
    requests = np.sort(draw_population(np.random.default_rng(0), 200_000, Shape()).requests_per_day)
    # A lognormal with spread 1.2: the busiest hundredth makes Phi(1.2 - 2.326) = .130 of all.
    assert requests[-2_000:].sum() / requests.sum() == pytest.approx(0.130, abs=0.01)
    assert np.median(requests) == pytest.approx(0.15, rel=0.02)


def test_tastes_are_probabilities_and_fall_with_activity_when_told_so() -> None:
    users = draw_population(np.random.default_rng(1), 20_000, Shape(taste_by_activity=-0.5))
    assert 0 < users.taste.min() < users.taste.max() < 1
    assert np.corrcoef(np.log(users.requests_per_day), users.taste)[0, 1] < -0.3


@pytest.mark.parametrize("lift", [0.0, 0.5, 20.0])
def test_the_exact_truth_is_what_a_million_users_do(lift: float) -> None:
    shape, examined = Shape(), examination(3)
    users = draw_population(np.random.default_rng(2), 1_000_000, shape)
    relevant = users.requests_per_day * np.minimum(users.taste * (1 + lift), 1)
    active = -np.expm1(-14 * users.requests_per_day).mean()
    truth = expected_metrics(shape, 14, examined, lift)
    # Four standard errors: 1.5 relative spread over a million users, .6 %; the cap at 1 has a kink, so 1 %.
    assert truth.clicks_per_impression == pytest.approx(
        relevant.sum() / users.requests_per_day.sum() * examined.mean(), rel=0.01
    )
    assert truth.clicks_per_user == pytest.approx(relevant.mean() * examined.sum() * 14 / active, rel=0.01)
    assert truth.active == pytest.approx(active, rel=0.01)
