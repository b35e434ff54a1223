"""The best setting wins, within the time, and what takes too much is passed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.benchmarking.bounds import BoundedWork, Done, Stopped
from components.benchmarking.tuning import Tuned, tune
from components.ranking.inner_split import InnerSplit
from components.recommenders.item_to_item import ItemToItemConfig
from tests.worlds import checkerboard

GRID = [ItemToItemConfig(top=1), ItemToItemConfig(top=50), ItemToItemConfig(max_items=1)]


def split() -> InnerSplit:
    """The checkerboard, of which every user wants the one item of their colour that they have not met."""
    known = checkerboard()
    return InnerSplit(known, _missing())


def _missing() -> Any:
    import numpy as np
    from scipy.sparse import csr_array

    seen = checkerboard().seen.toarray()
    colour = (np.arange(seen.shape[0])[:, None] + np.arange(seen.shape[1])) % 2 == 0
    return csr_array((colour & (seen == 0)).astype(np.float32))


def tuned(left: Callable[[], float]) -> Tuned:
    def run(asked: BoundedWork) -> Done | Stopped:
        if asked.seconds <= 0:
            return Stopped("no time is left")
        try:
            return Done(asked.work(), 0.0, 0.0)
        except ValueError as error:
            return Stopped(str(error))

    steps = tune(GRID, split(), 1, 0, left)
    try:
        asked = next(steps)
        while True:
            asked = steps.send(run(asked))
    except StopIteration as end:
        found: Tuned = end.value
        return found


def test_the_best_of_those_that_take_the_data_is_chosen() -> None:
    found = tuned(lambda: 1.0)
    assert found.config == GRID[1]
    assert (found.n_tried, found.n_settings) == (2, 3)
    assert found.quality == 1


def test_without_time_the_first_is_taken_unmeasured() -> None:
    found = tuned(lambda: 0.0)
    assert (found.config, found.quality, found.n_tried) == (GRID[0], None, 0)


def test_what_the_time_reaches_is_measured() -> None:
    left = iter([1.0, 0.0, 0.0, 0.0])
    assert tuned(lambda: next(left)).n_tried == 1
