"""The log of an exploring policy shows what its propensities say, at the position that it opened."""

from __future__ import annotations

import numpy as np
import pytest

from components.simulation.exploration import simulate_exploration

ORDER = np.array([[2, 0]])


def test_each_candidate_is_shown_as_often_as_its_propensity_says() -> None:
    relevance = np.zeros((1, 4))
    log = simulate_exploration(np.random.default_rng(0), np.array([40_000]), relevance, ORDER, 0.4, np.ones(2))
    first = log.position == 0
    assert first.mean() == pytest.approx(0.5, abs=0.01)
    shown = np.bincount(log.item[first], minlength=4) / first.sum()
    # Four standard errors of a share in 20,000 draws are at most .0142.
    np.testing.assert_allclose(shown, [0.1, 0.1, 0.7, 0.1], atol=0.0142)
    for item, share in enumerate([0.1, 0.1, 0.7, 0.1]):
        assert set(log.propensity[first & (log.item == item)].round(9)) == {share}


def test_the_shown_item_is_clicked_by_its_relevance_and_position() -> None:
    relevance = np.array([[1.0, 0.0, 1.0, 0.0]])
    log = simulate_exploration(np.random.default_rng(1), np.array([500]), relevance, ORDER, 1.0, np.array([1.0, 0.0]))
    np.testing.assert_array_equal(log.clicked, (log.position == 0) & (log.item % 2 == 0))


def test_requests_keep_their_user() -> None:
    log = simulate_exploration(
        np.random.default_rng(2), np.array([2, 0, 3]), np.zeros((3, 2)), np.array([[0], [1], [0]]), 0.5, np.ones(1)
    )
    assert log.user.tolist() == [0, 0, 2, 2, 2]
