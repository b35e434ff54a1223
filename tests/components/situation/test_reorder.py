"""A situation moves up what is chosen in it, by as much as its lift says, and says so of nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.recommenders.protocol import Ranking
from components.situation.lifts import Lifts
from components.situation.moment import Moment
from components.situation.reorder import cell_of, reordered

LABELS = ("comedy", "horror")
HAS = csr_array(np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 0]], np.float32))
RANKING = Ranking(np.arange(5, dtype=np.int32), np.array([0.9, 0.8, 0.7, 0.6, 0.5], np.float32))
LIFTS = Lifts(LABELS, {"weekend evening": (-0.1, 0.5), "evening": (0.0, 0.0), "night": (0.0, 0.01)}, {})


def test_what_is_lifted_comes_up_and_places_keep_their_scores() -> None:
    made = reordered(RANKING, "weekend evening", LIFTS, HAS, 1.0)
    assert made.ranking.items.tolist() == [3, 0, 1, 2, 4]
    assert made.ranking.scores.tolist() == RANKING.scores.tolist()


def test_it_is_said_of_what_has_come_up_for_its_label_alone() -> None:
    made = reordered(RANKING, "weekend evening", LIFTS, HAS, 1.0)
    assert made.because == {3: "horror is often chosen on weekend evenings"}


@pytest.mark.parametrize(("cell", "strength"), [("evening", 1.0), ("night", 1.0), ("weekend evening", 0.0)])
def test_without_a_lift_or_a_strength_nothing_moves_and_nothing_is_said(cell: str, strength: float) -> None:
    made = reordered(RANKING, cell, LIFTS, HAS, strength)
    assert (made.ranking.items.tolist(), made.because) == ([0, 1, 2, 3, 4], {})


def test_the_most_particular_cell_that_is_known_counts() -> None:
    assert cell_of(Moment("evening", "weekend"), LIFTS) == "weekend evening"
    assert cell_of(Moment("evening", "weekday"), LIFTS) == "evening"
    assert cell_of(Moment("morning", "weekday"), LIFTS) is None
    assert cell_of(Moment("evening", "weekend"), None) is None
