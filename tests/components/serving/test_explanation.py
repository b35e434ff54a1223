"""Reasons are only given where they are true."""

from __future__ import annotations

import numpy as np

from components.ranking.because import NO_REASON
from components.recommenders.factors import FittedFactors
from components.serving.catalogue import Catalogue
from components.serving.explanation import (
    ALIKE,
    POPULAR,
    TASTE,
    explain_by_history,
    explain_by_interaction,
    explain_by_wishes,
)

ITEMS = Catalogue(
    ids=("a", "b", "c"),
    titles=("Alien", "Brazil", "Casablanca"),
    categories=("Sci-Fi", "Comedy", "Drama"),
    tags=(("Horror",), ("Sci-Fi",), ()),
    prices=(None, None, None),
)
FACTORS = FittedFactors(np.ones((1, 2), np.float32), np.array([[1, 0], [3, 0.1], [0, 1]], np.float32), 2)


def test_the_strongest_wanted_label_of_an_item_is_named_as_the_user_spelt_it() -> None:
    texts = explain_by_wishes(np.arange(3), ITEMS, {"horror": 0.9, "SCI-FI": 0.5})
    assert texts == ["Matches your preference for horror", "Matches your preference for SCI-FI", POPULAR]


def test_what_a_user_dislikes_is_never_given_as_a_reason() -> None:
    assert explain_by_wishes(np.arange(1), ITEMS, {"Horror": -1.0}) == [POPULAR]


def test_only_a_close_item_of_the_history_is_named() -> None:
    texts = explain_by_history(np.array([1, 2], np.int32), ITEMS, FACTORS, np.array([0]))
    assert texts == ["Close to Alien, which you know", TASTE]


def test_without_factors_or_history_the_reason_is_the_general_one() -> None:
    rows = np.array([1, 2], np.int32)
    assert explain_by_history(rows, ITEMS, None, np.array([0])) == [TASTE, TASTE]
    assert explain_by_history(rows, ITEMS, FACTORS, np.array([], np.int32)) == [TASTE, TASTE]


FILMS = Catalogue(
    ids=("a", "b", "c"),
    titles=("Mad Max (1979)", "Alien (1979)", "Emma (1996)"),
    categories=("Action", "Horror", "Drama"),
    tags=(("Action", "Sci-Fi"), ("sci-fi",), ()),
    prices=(None, None, None),
)


def test_the_interaction_is_named_with_what_the_two_share() -> None:
    rows, likes = np.array([1, 1, 2, 2], np.int32), np.array([0])
    codes = [2 * 0, 2 * 0 + 1, 2 * 1, NO_REASON]
    assert explain_by_interaction(rows, FILMS, codes, likes) == [
        "Because you liked Mad Max (1979): sci-fi from the same years",
        "People who met Mad Max (1979) often go on to this",
        "Because you know Alien (1979)",
        ALIKE,
    ]
