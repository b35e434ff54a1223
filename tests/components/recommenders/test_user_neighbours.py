"""Neighbours are those of the whole, in blocks or not, and nearly so where items have a sample of their users."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from components.recommenders import user_neighbours
from components.recommenders.protocol import TrainingData
from components.recommenders.user_neighbours import UserNeighbours, UserNeighboursConfig
from tests.worlds import checkerboard


def crowd(n_users: int, n_items: int) -> TrainingData:
    """Even users like even items, odd ones odd items, and everybody the first two."""
    met = np.random.default_rng(1).random((n_users, n_items)) < 0.3
    met &= (np.arange(n_users)[:, None] + np.arange(n_items)) % 2 == 0
    met[:, :2] = True
    history = csr_array(met.astype(np.float32))
    names = tuple(map(str, range(n_users))), tuple(map(str, range(n_items)))
    whole = replace(checkerboard(), user_ids=names[0], item_ids=names[1], item_labels=((),) * n_items)
    return replace(whole, positives=history, seen=history, events=None)


def test_the_nearest_share_most() -> None:
    fitted = UserNeighbours(UserNeighboursConfig(top=10)).fit(crowd(100, 30), 0)
    near = fitted.neighbours.tocoo()
    assert ((near.row + near.col) % 2 == 0).mean() > 0.99
    assert (near.row != near.col).all()
    assert np.diff(fitted.neighbours.indptr).max() == 10


def test_a_sample_keeps_within_its_pairs_and_finds_the_same_kind_of_neighbours() -> None:
    data = crowd(400, 30)
    whole = user_neighbours._sampled(data.positives, 1e9, np.random.default_rng(0))
    assert whole is data.positives
    counts = np.bincount(data.positives.indices)
    few = user_neighbours._sampled(data.positives, 100_000, np.random.default_rng(0))
    assert counts @ np.bincount(few.indices, minlength=30) < 110_000 < counts @ counts
    near = UserNeighbours(UserNeighboursConfig(top=10, max_pairs=100_000)).fit(data, 0).neighbours.tocoo()
    assert ((near.row + near.col) % 2 == 0).mean() > 0.9
