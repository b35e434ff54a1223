"""Pairs of a history are summed by how far apart they are, in a table and without one alike."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from components.recommenders import pairs_apart
from components.recommenders.pairs_apart import Places
from tests.components.recommenders.test_nearby_items import walks


@pytest.mark.parametrize("n_items", [4, 8_000])
def test_each_pair_counts_what_it_weighs(n_items: int) -> None:
    events = walks([0, 1, 2, 0], [2, 1], [3]).events
    assert events is not None

    def weigh(n_places: int, earlier: Places, later: Places) -> NDArray[np.floating]:
        return np.where(events.items[earlier] == events.items[later], 0, 10.0**-n_places)

    expected = np.zeros((4, 4))
    expected[0, 1], expected[1, 2], expected[2, 0], expected[2, 1] = 0.1, 0.1, 0.1, 0.1
    expected[0, 2], expected[1, 0] = 0.01, 0.01
    assert (n_items**2 > pairs_apart.DENSE_CELLS) == (n_items == 8_000)
    found = pairs_apart.sum_pairs(events, n_items, range(1, 10), weigh)
    assert found.nnz == 6
    np.testing.assert_allclose(found[:4, :4].toarray(), expected, rtol=1e-6)
