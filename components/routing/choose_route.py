"""Decides by which route a recommendation is made: popularity, content, fold-in or collaborative filtering."""

from __future__ import annotations

from typing import Literal

Route = Literal["popularity", "content", "fold_in", "cf", "hybrid"]


def choose_route(
    n_trained: int, n_new: int, n_new_likes: int, has_wishes: bool, threshold: int
) -> Literal["popularity", "content", "fold_in", "cf"]:
    """The route for one user.

    A cold user (fewer than `threshold` interactions, old and new together) who states wishes is answered from them.
    Without wishes, and for warm users always, interactions decide: `cf` where training knows any, which takes new likes
    in as well; `fold_in` where all likes are newer than training; `popularity` for somebody without any.

    Args:
        n_trained: interactions in the training data, 0 for an unknown user.
        n_new: items met since training.
        n_new_likes: how many of those the user likes.
        has_wishes: the request states preferences or a profile text.
    """
    if has_wishes and (n_trained + n_new < threshold or n_trained + n_new_likes == 0):
        return "content"
    if n_trained:
        return "cf"
    return "fold_in" if n_new_likes else "popularity"
