"""Which users are answered by which route."""

from __future__ import annotations

import pytest

from components.routing.choose_route import choose_route


@pytest.mark.parametrize(
    ("n_trained", "n_new", "n_new_likes", "has_wishes", "route"),
    [
        (0, 0, 0, False, "popularity"),
        (0, 0, 0, True, "content"),
        (1, 0, 0, False, "cf"),
        (4, 0, 0, True, "content"),
        (4, 0, 0, False, "cf"),
        (5, 0, 0, True, "cf"),
        (500, 0, 0, False, "cf"),
        # since training
        (0, 1, 1, False, "fold_in"),
        (0, 3, 0, False, "popularity"),
        (0, 4, 4, True, "content"),
        (0, 5, 4, True, "fold_in"),
        (0, 5, 0, True, "content"),
        (3, 2, 0, True, "cf"),
        (3, 1, 1, True, "content"),
        (5, 9, 9, False, "cf"),
    ],
)
def test_wishes_answer_cold_users_and_interactions_all_others(
    n_trained: int, n_new: int, n_new_likes: int, has_wishes: bool, route: str
) -> None:
    assert choose_route(n_trained, n_new, n_new_likes, has_wishes, threshold=5) == route


def test_a_user_without_any_interaction_never_reaches_cf_even_when_no_one_counts_as_cold() -> None:
    assert choose_route(0, 0, 0, False, threshold=0) == "popularity"
    assert choose_route(0, 0, 0, True, threshold=0) == "content"
