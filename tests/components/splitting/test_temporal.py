"""Laws of the temporal splits."""

from __future__ import annotations

import pandas as pd
import pytest

from components.splitting.temporal import SplitError, split, split_globally, split_per_user
from tests.worlds import make_tables

INTERACTIONS, _, _ = make_tables(n_users=7, n_items=13, n_each=11)
PROTOCOLS = ("per_user_temporal", "global_temporal")


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 0.9])
def test_no_training_row_of_a_user_follows_the_cut(share: float) -> None:
    parts = split_per_user(INTERACTIONS, share)
    last = parts.train.groupby("user_id")["timestamp"].max()
    first = parts.test.groupby("user_id")["timestamp"].min()
    assert (last < first.reindex(last.index)).all()


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 0.9])
def test_no_training_row_of_anybody_reaches_a_global_cut(share: float) -> None:
    parts = split_globally(INTERACTIONS, share)
    assert parts.train["timestamp"].max() < parts.test["timestamp"].min()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_row_is_in_exactly_one_part(protocol: str) -> None:
    parts = split(INTERACTIONS, protocol, 0.3)
    both = pd.concat([parts.train, parts.test]).sort_values(["timestamp", "user_id", "item_id"], ignore_index=True)
    pd.testing.assert_frame_equal(both, INTERACTIONS)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_order_of_the_rows_does_not_matter(protocol: str) -> None:
    shuffled = INTERACTIONS.sample(frac=1, random_state=3)
    before = shuffled.copy()
    expected, actual = split(INTERACTIONS, protocol, 0.3), split(shuffled, protocol, 0.3)
    pd.testing.assert_frame_equal(actual.train, expected.train)
    pd.testing.assert_frame_equal(actual.test, expected.test)
    pd.testing.assert_frame_equal(shuffled, before)


def test_each_user_gives_the_rounded_down_share() -> None:
    assert split_per_user(INTERACTIONS, 0.2).test.groupby("user_id").size().tolist() == [2] * 7
    assert split_per_user(INTERACTIONS.groupby("user_id").head(10), 0.3).test.groupby("user_id").size().eq(3).all()


def test_simultaneous_interactions_of_a_user_are_ordered_by_item() -> None:
    same = INTERACTIONS[INTERACTIONS["user_id"] == "u00"].assign(timestamp=INTERACTIONS["timestamp"][0])
    parts = split_per_user(same.sample(frac=1, random_state=1), 0.2)
    assert parts.test["item_id"].tolist() == sorted(same["item_id"])[-2:]


def test_a_user_with_one_interaction_keeps_it_in_train() -> None:
    parts = split_per_user(INTERACTIONS.head(1), 0.9)
    assert (len(parts.train), len(parts.test)) == (1, 0)


def test_the_moment_of_a_global_cut_is_not_torn_apart() -> None:
    two_moments = INTERACTIONS[INTERACTIONS["timestamp"] <= INTERACTIONS["timestamp"].unique()[1]]
    parts = split_globally(two_moments, 0.1)
    assert parts.train["timestamp"].nunique() == parts.test["timestamp"].nunique() == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_to_split_is_refused(protocol: str) -> None:
    with pytest.raises(SplitError, match="no interactions"):
        split(INTERACTIONS.head(0), protocol, 0.2)


def test_a_single_moment_cannot_be_cut_globally() -> None:
    with pytest.raises(SplitError, match="nothing is left to train on"):
        split_globally(INTERACTIONS.assign(timestamp=INTERACTIONS["timestamp"][0]), 0.2)


def moments(n: int) -> pd.DataFrame:
    """One interaction a day, each of another user."""
    rows = INTERACTIONS.iloc[:n].copy()
    rows["timestamp"] = pd.date_range("2024-01-01", periods=n, tz="UTC")
    rows["user_id"] = [f"u{row:02d}" for row in range(n)]
    return rows


@pytest.mark.parametrize(("share", "in_test"), [(0.3, 3), (0.7, 7), (0.1, 1), (0.29, 2), (0.01, 1)])
def test_the_share_is_rounded_down_whatever_it_is_in_binary_and_one_is_always_left(share: float, in_test: int) -> None:
    """.1 * 3 and .7 * 10 are no whole numbers in binary; a share of nothing still cuts before the last moment."""
    parts = split_globally(moments(10), share)
    assert len(parts.test) == in_test
    assert parts.test["timestamp"].min() == pd.Timestamp("2024-01-11", tz="UTC") - pd.Timedelta(days=in_test)


@pytest.mark.parametrize(("n", "share"), [(10, 0.3), (10, 0.7), (50, 0.58)])
def test_a_user_s_share_is_rounded_down_whatever_it_is_in_binary(n: int, share: float) -> None:
    rows = moments(n).assign(user_id="u")
    assert len(split_per_user(rows, share).test) == round(n * share)
    assert len(split_globally(rows, share).test) == round(n * share)
