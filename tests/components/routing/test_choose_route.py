"""Which users are answered by which route."""

from __future__ import annotations

import pytest

from components.routing.choose_route import choose_route


@pytest.mark.parametrize(
    ("n_interactions", "has_preferences", "route"),
    [
        (0, False, "popularity"),
        (0, True, "content"),
        (1, False, "cf"),
        (4, True, "content"),
        (4, False, "cf"),
        (5, True, "cf"),
        (500, False, "cf"),
    ],
)
def test_cold_users_with_preferences_are_answered_from_them(
    n_interactions: int, has_preferences: bool, route: str
) -> None:
    assert choose_route(n_interactions, has_preferences, threshold=5) == route


def test_an_unknown_user_never_reaches_cf_even_when_no_one_counts_as_cold() -> None:
    assert choose_route(0, False, threshold=0) == "popularity"
    assert choose_route(0, True, threshold=0) == "content"
