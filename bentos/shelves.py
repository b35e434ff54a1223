"""Knows which items are off in each release path, at most a few seconds late, so that asking costs a request a look."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from bentos.rereading import Rereading
from components.adapters.store.catalogue.items_off import SqlItemsOff
from components.adapters.store.traffic.shown_items import ShownItems
from components.config.routing import NewItemShare
from components.serving.request_path import RequestPath
from components.serving.shelf import ALL_ON, Shelf

logger = logging.getLogger("recops.service")

REFRESH_SECONDS = 5.0
"""An item that is switched off is shown to nobody after this long, in every slot."""


class Shelves:
    """One per process, with a thread that reads the store.

    While the store cannot be read, the items that were known to be off last stay off.

    Args:
        shown: how often items were shown; None where no policy asks for it.
        close_store: lets go of the store, once the thread has ended.
        now: seconds since 1970.
    """

    def __init__(
        self,
        paths: Sequence[RequestPath],
        items_off: SqlItemsOff,
        shown: ShownItems | None,
        policy: NewItemShare,
        close_store: Callable[[], None],
        now: Callable[[], float],
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._switches = {path.variant: path.off_switch for path in paths}
        self._items_off = items_off
        self._shown = shown
        self._policy = policy
        self._now = now
        self._switched: list[str] = []
        self._shelves: dict[str, Shelf] = {}
        for variant, switch in self._switches.items():
            if switch.odd:
                some = ", ".join(switch.odd[:3])
                logger.warning("%s: `expires` of %d items is no time: %s", variant, len(switch.odd), some)
        self._rereading = Rereading("shelves", self._read, refresh_seconds, close_store)

    def of(self, path: RequestPath) -> Shelf:
        """What is known now of the items of this path."""
        return self._shelves.get(path.variant, ALL_ON)

    def close(self, timeout: float = 5.0) -> None:
        """Ends the thread; safe to call twice."""
        self._rereading.close(timeout)

    def _read(self) -> None:
        now, often = self._now(), list[str]()
        try:
            self._switched = [each.item_id for each in self._items_off.at(now)]
            if self._shown is not None:
                self._shown.catch_up(now)
                often = self._shown.at_least(self._policy.max_impressions)
        except Exception as error:
            logger.warning("which items are off could not be read: %s", type(error).__name__)
        self._shelves = {name: switch.shelf_at(now, self._switched, often) for name, switch in self._switches.items()}
