"""What a user liked often and lately comes first, for a row of training as for a history."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.recommenders.again import AgainConfig
from components.recommenders.events import with_events
from components.recommenders.history import Histories
from components.recommenders.protocol import Events, TrainingData

NOTHING = np.empty(0, np.int32)


def world(timed: bool = True) -> TrainingData:
    """The user likes item 1 three times long ago, item 2 twice lately, item 3 once in between, and not item 0."""
    items = np.array([1, 1, 1, 3, 0, 2, 2, 4], np.int32)
    liked = items > 0
    users = np.array([0] * 7 + [1], np.int32)
    seconds = np.arange(8) * 60 if timed else np.zeros(8, int)
    empty = csr_array((2, 5), dtype=np.float32)
    data = TrainingData(("u", "v"), tuple("abcde"), empty, empty, ((),) * 5, repeats=True)
    return with_events(data, Events(users, items, liked * np.float32(5), liked, seconds))


@pytest.mark.parametrize(("fade", "first"), [(2.0, [2, 1, 3]), (1e6, [1, 2, 3])])
def test_fading_decides_between_often_and_lately(fade: float, first: list[int]) -> None:
    fitted = AgainConfig(fade=fade).build().fit(world(), 1)
    assert fitted.top_k(0, 3, NOTHING).items.tolist() == first


def test_without_times_the_number_of_likes_alone_counts() -> None:
    fitted = AgainConfig(fade=0.1).build().fit(world(timed=False), 1)
    assert fitted.top_k(0, 3, NOTHING).items.tolist() == [1, 2, 3]


def test_a_history_scores_as_the_row_of_training_that_has_it() -> None:
    data = world()
    fitted = AgainConfig(fade=3.0).build().fit(data, 1)
    scores, _ = fitted.for_histories().score_history(Histories(data.events, 2).of(0))
    np.testing.assert_allclose(scores, fitted.liked.toarray()[0], rtol=1e-6)
    assert scores[0] == scores[4] == 0
