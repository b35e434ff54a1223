"""Users click what they look at and find relevant."""

from __future__ import annotations

import numpy as np
import pytest

from components.simulation.click_model import count_clicks, draw_clicks, examination


def test_the_first_position_is_always_seen_and_each_further_one_less() -> None:
    assert examination(4).tolist() == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])
    assert examination(3, steepness=0.0).tolist() == [1, 1, 1]


def test_what_is_irrelevant_or_unseen_is_never_clicked_and_what_is_both_always() -> None:
    relevance = np.array([[1.0, 0.0, 1.0]] * 50)
    clicks = draw_clicks(np.random.default_rng(0), relevance, np.array([1.0, 1.0, 0.0]))
    np.testing.assert_array_equal(clicks, [[True, False, False]] * 50)


def test_clicks_are_as_frequent_as_examination_times_relevance() -> None:
    clicks = draw_clicks(np.random.default_rng(1), np.full((40_000, 3), 0.6), examination(3))
    # Four standard errors of a share in 40,000 draws are at most .01.
    np.testing.assert_allclose(clicks.mean(axis=0), [0.6, 0.3, 0.2], atol=0.01)


def test_counting_follows_the_same_law_as_drawing_each_click() -> None:
    rng = np.random.default_rng(2)
    relevance = np.tile([0.9, 0.5, 0.3], (30_000, 1))
    counted = count_clicks(rng, np.full(30_000, 4), relevance, examination(3))
    drawn = sum(draw_clicks(rng, relevance, examination(3)).sum(axis=1) for _ in range(4))
    shares = [np.bincount(each, minlength=13) / 30_000 for each in (counted, drawn)]
    # The difference of two shares has a standard error of at most sqrt(2 / 4 / 30,000) = .0041.
    np.testing.assert_allclose(shares[0], shares[1], atol=4.5 * 0.0041)


def test_the_same_seed_gives_the_same_clicks() -> None:
    first, second = (draw_clicks(np.random.default_rng(7), np.full((9, 5), 0.5), examination(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
