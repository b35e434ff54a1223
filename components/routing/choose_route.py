"""Decides by which route a recommendation is made: popularity, content or collaborative filtering."""

from __future__ import annotations

from typing import Literal

Route = Literal["popularity", "content", "fold_in", "cf", "hybrid"]


def choose_route(n_interactions: int, has_preferences: bool, threshold: int) -> Literal["popularity", "content", "cf"]:
    """The route for a user with `n_interactions` in the training data (0 for an unknown user).

    A cold user (fewer than `threshold` interactions) who states preferences is answered from them; one who states
    none is answered by collaborative filtering as soon as there is a single interaction, else by popularity.
    A warm user's preferences do not change the route.
    """
    if n_interactions == 0:
        return "content" if has_preferences else "popularity"
    if has_preferences and n_interactions < threshold:
        return "content"
    return "cf"
