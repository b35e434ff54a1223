"""Laws of preparation."""

from __future__ import annotations

import pandas as pd
import pytest

from components.interactions.prepared import PreparationError, prepare
from tests.worlds import make_tables

INTERACTIONS, ITEMS, USERS = make_tables()


def test_an_interaction_at_the_threshold_is_relevant_and_one_below_is_not() -> None:
    at = prepare(INTERACTIONS, ITEMS, USERS, 5.0).interactions
    assert at["relevant"].tolist() == (at["value"] == 5.0).tolist()
    assert not prepare(INTERACTIONS, ITEMS, USERS, 5.1).interactions["relevant"].any()


def test_the_order_of_the_rows_does_not_matter_and_the_input_is_unchanged() -> None:
    tables = [table.sample(frac=1, random_state=2) for table in (INTERACTIONS, ITEMS, USERS)]
    before = [table.copy() for table in tables]
    expected, actual = prepare(INTERACTIONS, ITEMS, USERS, 4.0), prepare(*tables, 4.0)
    for name in ("interactions", "items", "users"):
        pd.testing.assert_frame_equal(getattr(actual, name), getattr(expected, name))
    for table, copy in zip(tables, before, strict=True):
        pd.testing.assert_frame_equal(table, copy)


def test_users_are_those_with_interactions_and_keep_their_attributes() -> None:
    users = pd.DataFrame({"user_id": ["u01", "u00", "stranger"], "age": ["30", "20", "40"]})
    few = INTERACTIONS[INTERACTIONS["user_id"].isin(["u00", "u01", "u02"])]
    prepared = prepare(few, ITEMS, users, 4.0).users
    assert prepared["user_id"].tolist() == ["u00", "u01", "u02"]
    assert prepared["age"].tolist()[:2] == ["20", "30"]


def test_an_unknown_item_is_refused_by_name() -> None:
    with pytest.raises(PreparationError, match="i03"):
        prepare(INTERACTIONS, ITEMS[ITEMS["item_id"] != "i03"], USERS, 4.0)


def test_no_interactions_are_refused() -> None:
    with pytest.raises(PreparationError, match="no interactions"):
        prepare(INTERACTIONS.head(0), ITEMS, USERS, 4.0)
