"""Coverage and novelty of known lists."""

from __future__ import annotations

import math

import numpy as np
import pytest

from components.metrics.beyond_accuracy import coverage, exposure, novelty

LISTS = np.array([[0, 1], [0, -1]])


def test_exposure_counts_places_and_skips_the_ends_of_short_lists() -> None:
    assert exposure(LISTS, 4).tolist() == [2, 1, 0, 0]


def test_coverage_is_the_share_of_shown_items() -> None:
    assert coverage(exposure(LISTS, 4)) == 0.5
    assert coverage(np.empty(0, int)) == 0.0


def test_novelty_is_the_mean_surprise_in_bits() -> None:
    # Item 0 is known to 2 of 8 users (2 bits) and shown twice, item 1 to nobody (as to one: 3 bits) and shown once.
    assert novelty(exposure(LISTS, 4), np.array([2, 0, 8, 8]), n_users=8) == pytest.approx((2 * 2 + 3) / 3)


def test_what_everybody_knows_is_not_novel() -> None:
    assert novelty(np.array([5]), np.array([8]), n_users=8) == 0.0


def test_nothing_shown_has_no_novelty() -> None:
    assert math.isnan(novelty(np.zeros(3, int), np.ones(3, int), n_users=8))
