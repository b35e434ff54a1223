"""Gives places of a list to items that nearly nobody has met or been shown, as `routing.new_items` says."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from components.config.routing import NewItemShare
from components.ranking.new_items import WithNewItems, give_places
from components.recommenders.protocol import Ranking, Rows
from components.serving.bundle import Bundle
from components.serving.limits import MayShow
from components.serving.shelf import Shelf

NEW = "new_items"
"""The source of such an item in an answer."""


class NewItems:
    """One variant's policy on one bundle."""

    def __init__(self, bundle: Bundle, policy: NewItemShare) -> None:
        self._policy = policy
        self._bundle = bundle

    def placed(
        self, shown: Ranking, may: MayShow, shelf: Shelf, request_id: str, suiting: Callable[[Rows], Ranking]
    ) -> WithNewItems | None:
        """`shown` with some places given to new items; None where the policy, or the catalogue, has none to give.

        `suiting` ranks for the asker all items but the rows that it is given.
        """
        if not self._policy.share:
            return None
        fresh = self._little_met.copy()
        for rows in (shelf.often, may.exclude, may.shown, shown.items):
            fresh[rows] = False
        n_pool = min(int(fresh.sum()), self._policy.depth)
        return give_places(
            shown, n_pool, lambda: suiting(np.flatnonzero(~fresh).astype(np.int32)), self._policy.share, request_id
        )

    @cached_property
    def _little_met(self) -> NDArray[np.bool_]:
        met = np.bincount(self._bundle.history.indices, minlength=len(self._bundle.items))
        return met < self._policy.max_interactions
