"""What is chosen from much data is chosen from all that some users did, and rows stay what they are."""

from __future__ import annotations

import numpy as np

from components.ranking.inner_split import few_users
from components.recommenders.events import events_of
from tests.worlds import checkerboard


def test_some_users_stay_whole_and_of_the_others_nothing_is_known() -> None:
    data = checkerboard()
    sizes = np.diff(data.seen.indptr)
    some = few_users(data, int(sizes.sum()) // 2, 0)
    left = np.diff(some.seen.indptr)
    assert some.seen.shape == data.seen.shape
    assert 0 < left.sum() <= sizes.sum() // 2
    assert ((left == sizes) | (left == 0)).all()
    assert len(events_of(some)) == left.sum()


def test_what_is_little_stays_as_it_is() -> None:
    data = checkerboard()
    assert few_users(data, data.seen.nnz, 0) is data
