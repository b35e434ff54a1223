"""Knows which variant of an adaptive experiment a user has, and gives a new one theirs by the shares of now."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bentos.rereading import Rereading
from components.adapters.store.experiments.allocated import SqlAllocated
from components.experiments.assignment import VariantShares, assign_variant

logger = logging.getLogger("recops.service")

REFRESH_SECONDS = 2.0
"""Shares that a reading has changed, and users whom another process has seen, are known after this long."""


class AllocatedUsers:
    """One per process, with a thread that reads the store; about 200 bytes a user of the experiment.

    Whoever was seen keeps their variant, whatever becomes of the shares. While the store cannot be read, the shares
    that were known last go on.

    Args:
        split: the declared one, which counts until a reading has changed it.
        close_store: lets go of the store, once the thread has ended.
    """

    def __init__(
        self,
        split: VariantShares,
        salt: str,
        allocated: SqlAllocated,
        close_store: Callable[[], None],
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._split = split
        self._salt = salt
        self._allocated = allocated
        self._seen: dict[str, str] = {}
        self._rereading = Rereading("allocated-users", self._read, refresh_seconds, close_store)

    def variant_of(self, user_id: str) -> str:
        """The user's variant, from now on."""
        variant = self._seen.get(user_id)
        if variant is None:
            variant = self._seen[user_id] = assign_variant(self._split, self._salt, user_id)
        return variant

    def close(self, timeout: float = 5.0) -> None:
        """Ends the thread; safe to call twice."""
        self._rereading.close(timeout)

    def _read(self) -> None:
        try:
            exposed = self._allocated.newly_exposed()
            shares = self._allocated.shares()
        except Exception as error:
            logger.warning("the shares of the experiment could not be read: %s", type(error).__name__)
            return
        for user_id, variant in exposed.items():
            if variant in self._split.variants:
                self._seen[user_id] = variant
        if shares is not None:
            self._split = VariantShares(self._split.variants, shares)
