"""More variety costs relevance, and never items."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.ranking.diversity import cosines_of, diversify, list_diversity
from components.recommenders.protocol import Ranking

# Items 0, 1 and 2 are of one kind, 3 and 4 of another, 5 has no label at all.
LABELS = csr_array(np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 0]], np.float32))
CATEGORIES = ("Drama", "Drama", "Drama", "War", "War", "")
RANKING = Ranking(np.arange(6, dtype=np.int32), np.array([6, 5, 4, 3, 2, 1], np.float32))


def best(k: int, strength: float, max_per_category: int | None = None, ranking: Ranking = RANKING) -> list[int]:
    return diversify(ranking, k, LABELS, CATEGORIES, strength, max_per_category).items.tolist()


def test_no_strength_and_no_cap_keep_the_order() -> None:
    assert best(4, 0.0) == [0, 1, 2, 3]


def test_full_strength_takes_the_best_and_then_what_is_unlike_it() -> None:
    assert best(3, 1.0) == [0, 3, 5]


def test_relevance_is_scaled_to_one_and_weighed_against_the_nearest_item_taken() -> None:
    # After item 0: item 1 has .8 (1 - s) - s, item 3 has .4 (1 - s); they are equal at s = 2 / 7.
    assert best(2, 0.28) == [0, 1]
    assert best(2, 0.29) == [0, 3]


@pytest.mark.parametrize("strength", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("cap", [None, 1, 2])
def test_every_list_is_as_long_as_asked_has_no_repeats_and_starts_with_the_best(
    strength: float, cap: int | None
) -> None:
    for k in range(1, 9):
        items = best(k, strength, cap)
        assert len(items) == len(set(items)) == min(k, 6)
        assert items[0] == 0


def test_scores_stay_with_their_items() -> None:
    varied = diversify(RANKING, 6, LABELS, CATEGORIES, 0.9, None)
    assert {item: 6.0 - item for item in range(6)} == dict(
        zip(varied.items.tolist(), varied.scores.tolist(), strict=True)
    )


def test_the_cap_holds_while_the_candidates_can_fill_the_list() -> None:
    assert best(2, 0.0, max_per_category=1) == [0, 3]
    assert best(4, 0.0, max_per_category=2) == [0, 1, 3, 4]


def test_items_without_a_category_are_not_capped() -> None:
    several = Ranking(np.array([5, 0, 1], np.int32), np.array([3, 2, 1], np.float32))
    assert diversify(several, 2, LABELS, ("",) * 6, 0.0, 1).items.tolist() == [5, 0]


def test_over_the_cap_the_best_fill_the_list() -> None:
    assert best(5, 0.0, max_per_category=1) == [0, 3, 5, 1, 2]


def test_one_kind_only_is_taken_in_order_at_any_strength() -> None:
    assert best(3, 1.0, ranking=Ranking(RANKING.items[:3], RANKING.scores[:3])) == [0, 1, 2]


def test_equal_scores_leave_variety_to_decide() -> None:
    assert best(2, 0.1, ranking=Ranking(RANKING.items, np.ones(6, np.float32))) == [0, 3]


def test_no_candidates_give_no_list_and_the_ranking_is_unchanged() -> None:
    nothing = Ranking(np.empty(0, np.int32), np.empty(0, np.float32))
    assert best(5, 0.5, 1, nothing) == []
    before = RANKING.items.copy(), RANKING.scores.copy()
    best(6, 0.5, 1)
    np.testing.assert_array_equal(RANKING.items, before[0])
    np.testing.assert_array_equal(RANKING.scores, before[1])


def test_more_strength_never_gives_a_less_varied_list_here() -> None:
    rows = [np.array(best(3, strength / 10), np.int32) for strength in range(11)]
    varieties = [list_diversity(LABELS, row) for row in rows]
    assert varieties == sorted(varieties)
    assert varieties[0] == 0 < varieties[-1]


def test_cosines_are_one_for_equal_labels_and_zero_without_any() -> None:
    labels = csr_array(np.array([[1, 1], [1, 0], [0, 0]], np.float32))
    half = 1 / math.sqrt(2)
    cosines = cosines_of(labels, np.arange(3, dtype=np.int32))
    np.testing.assert_allclose(cosines, [[1, half, 0], [half, 1, 0], [0, 0, 0]], rtol=1e-6)


def test_a_list_of_one_has_no_diversity() -> None:
    assert math.isnan(list_diversity(LABELS, np.array([0], np.int32)))
