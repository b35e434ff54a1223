"""Prepared tables become matrices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from components.interactions.prepared import prepare
from components.recommenders.training_data import training_data
from tests.worlds import make_tables

PREPARED = prepare(*make_tables(), 4.0)


def test_every_interaction_is_seen_and_the_relevant_ones_are_positive() -> None:
    data = training_data(PREPARED.interactions, PREPARED.items, PREPARED.users)
    assert data.seen.nnz == len(PREPARED.interactions) == 120
    users, items = data.positives.nonzero()
    assert data.positives.nnz == 60
    assert ((users + items) % 2 == 0).all()
    assert data.positives.dtype == data.seen.dtype == np.float32


def test_repeated_interactions_count_once() -> None:
    doubled = pd.concat([PREPARED.interactions, PREPARED.interactions], ignore_index=True)
    assert training_data(doubled, PREPARED.items, PREPARED.users).positives.max() == 1


def test_the_order_of_the_rows_does_not_matter() -> None:
    shuffled = PREPARED.interactions.sample(frac=1, random_state=1)
    first, second = (
        training_data(table, PREPARED.items, PREPARED.users) for table in (PREPARED.interactions, shuffled)
    )
    np.testing.assert_array_equal(first.positives.indices, second.positives.indices)
    np.testing.assert_array_equal(first.seen.indices, second.seen.indices)


def test_labels_are_category_and_tags_folded_and_without_repeats() -> None:
    data = training_data(PREPARED.interactions, PREPARED.items, PREPARED.users)
    assert data.item_labels[:3] == ((), ("odd", "third 1"), ("even", "third 2"))


def test_texts_say_all_that_an_item_says_about_itself_once() -> None:
    items = PREPARED.items.assign(description=["", *["a long story"] * 9])
    data = training_data(PREPARED.interactions, items, PREPARED.users)
    assert data.item_texts[:2] == ("Film 0", "Film 1 Odd Third 1 a long story")


def test_users_and_items_without_interactions_keep_their_rows() -> None:
    data = training_data(PREPARED.interactions.head(0), PREPARED.items, PREPARED.users)
    assert (data.seen.shape, data.seen.nnz) == ((12, 10), 0)


def test_a_stranger_is_named() -> None:
    with pytest.raises(KeyError, match="u00"):
        training_data(PREPARED.interactions, PREPARED.items, PREPARED.users[1:])
