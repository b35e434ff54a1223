"""Laws of the splits by lot."""

from __future__ import annotations

import pandas as pd
import pytest

from components.splitting.at_random import split_at_random, split_by_item
from components.splitting.temporal import SplitError
from tests.worlds import make_tables

INTERACTIONS, _, _ = make_tables(n_users=7, n_items=13, n_each=11)
SPLITS = [split_at_random, split_by_item]


@pytest.mark.parametrize("split", SPLITS)
def test_every_row_is_in_exactly_one_part(split) -> None:
    parts = split(INTERACTIONS, 0.25, 42)
    both = pd.concat([parts.train, parts.test]).sort_values(["timestamp", "user_id", "item_id"], ignore_index=True)
    pd.testing.assert_frame_equal(both, INTERACTIONS)


@pytest.mark.parametrize("split", SPLITS)
def test_the_seed_decides(split) -> None:
    one, same, other = (split(INTERACTIONS, 0.25, seed).test for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)


def test_the_share_is_that_of_all_rows() -> None:
    assert len(split_at_random(INTERACTIONS, 0.2, 0).test) == len(INTERACTIONS) // 5


def test_the_order_of_the_rows_does_not_matter() -> None:
    shuffled = INTERACTIONS.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(split_at_random(shuffled, 0.2, 0).test, split_at_random(INTERACTIONS, 0.2, 0).test)


def test_each_item_gives_its_share() -> None:
    sizes = INTERACTIONS.groupby("item_id").size()
    kept = split_by_item(INTERACTIONS, 0.25, 42).train.groupby("item_id").size()
    pd.testing.assert_series_equal(kept, (sizes * 0.75).round().astype(int), check_names=False)


@pytest.mark.parametrize("split", SPLITS)
def test_nothing_cannot_be_split(split) -> None:
    with pytest.raises(SplitError):
        split(INTERACTIONS.head(0), 0.2, 0)


def test_columns_that_the_split_used_are_not_left_and_rows_are_numbered_anew() -> None:
    for split in SPLITS:
        parts = split(INTERACTIONS, 0.25, 42)
        for part in (parts.train, parts.test):
            assert list(part.columns) == list(INTERACTIONS.columns)
            assert part.index.tolist() == list(range(len(part)))


@pytest.mark.parametrize(("share", "n"), [(0.3, 3), (0.35, 3), (0.39, 3), (0.7, 7), (0.0, 0), (1.0, 10)])
def test_a_share_of_ten_rows_is_rounded_down(share: float, n: int) -> None:
    assert len(split_at_random(INTERACTIONS.head(10), share, 0).test) == n
