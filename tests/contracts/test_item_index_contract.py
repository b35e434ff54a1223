"""What each index of item factors promises; a kind that is added is tested on arrival."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from components.recommenders.factors import FittedFactors
from components.retrieval.annoy_index import build_index
from components.retrieval.indexed_factors import IndexedFactors
from components.retrieval.item_index import INDEX_KINDS, ItemIndex, open_item_index

N_ITEMS, WIDTH, ALL = 1_500, 16, 10**6
pytestmark = pytest.mark.parametrize("kind", INDEX_KINDS)


def drawn(n_items: int = N_ITEMS) -> FittedFactors:
    """Items of many lengths, with a bias beside taste that decides now and then."""
    rng = np.random.default_rng(0)
    lengths = rng.lognormal(0, 1.5, (n_items, 1)).astype(np.float32)
    items = np.column_stack(
        [rng.standard_normal((n_items, WIDTH)) * lengths, rng.normal(0, 9, n_items), np.ones(n_items)]
    )
    users = np.column_stack([rng.standard_normal((40, WIDTH)), np.ones(40), rng.standard_normal(40)])
    return FittedFactors(users.astype(np.float32), items.astype(np.float32), WIDTH)


def opened(kind: str, factors: FittedFactors, folder: Path) -> ItemIndex:
    build_index(folder / "i.ann", factors.item_factors, trees=10, seed=1)
    return open_item_index(kind, folder / "i.ann", factors)


def test_with_all_the_time_in_the_world_the_largest_inner_products_are_found(kind: str, tmp_path: Path) -> None:
    factors = drawn()
    index = opened(kind, factors, tmp_path)
    for n in (1, 20, 300):
        for vector in factors.user_factors:
            rows = index.nearest(vector, n, ALL)
            assert rows.dtype == np.int32
            assert len(np.unique(rows)) == len(rows) == n
            np.testing.assert_array_equal(rows, np.argsort(-(factors.item_factors @ vector))[:n])


def test_other_directions_and_no_taste_at_all_are_answered_as_well(kind: str, tmp_path: Path) -> None:
    factors = drawn()
    index = opened(kind, factors, tmp_path)
    bias_alone = np.zeros(WIDTH + 2, np.float32)
    bias_alone[WIDTH] = 1
    for vector in (-100 * factors.user_factors[0], factors.user_factors[1] / 1000, bias_alone, -bias_alone):
        best = np.argsort(-(factors.item_factors @ vector))[:20]
        assert set(index.nearest(vector, 20, ALL).tolist()) == set(best.tolist())


def test_no_more_items_are_given_than_there_are(kind: str, tmp_path: Path) -> None:
    few = drawn(7)
    assert sorted(opened(kind, few, tmp_path).nearest(few.user_factors[0], 50, ALL).tolist()) == list(range(7))


def test_the_list_behind_it_has_no_excluded_item(kind: str, tmp_path: Path) -> None:
    factors = drawn()
    indexed = IndexedFactors(factors, opened(kind, factors, tmp_path), ALL)
    exclude = factors.top_k(0, 100, np.empty(0, np.int32)).items
    np.testing.assert_array_equal(indexed.top_k(0, 30, exclude).items, factors.top_k(0, 30, exclude).items)


def test_factors_stay_as_they_are(kind: str, tmp_path: Path) -> None:
    factors, before = drawn(), drawn()
    opened(kind, factors, tmp_path).nearest(factors.user_factors[0], 20, ALL)
    np.testing.assert_array_equal(factors.item_factors, before.item_factors)
