"""Knows the keys of the stack, at most half a second late, so that asking costs a request nothing but a look."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from bentos.rereading import Rereading
from components.access.api_keys import ApiKey, parse_key
from components.adapters.store.access.keys import SqlKeys

logger = logging.getLogger("recops.service")

REFRESH_SECONDS = 0.5
"""A key that was taken back opens nothing after this long, in every slot."""
NOTE_SECONDS = 30.0
"""How often it is written down when keys were used last."""


class KeyRing:
    """One per process, with a thread that reads the store.

    While the store cannot be read, the keys that were known last go on counting.

    Args:
        close_store: lets go of the store, once the thread has ended.
        now: seconds since 1970.
    """

    def __init__(
        self,
        keys: SqlKeys,
        close_store: Callable[[], None],
        now: Callable[[], float],
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._keys = keys
        self._close_store = close_store
        self._now = now
        self._known: Mapping[str, ApiKey] = {}
        self._used: dict[str, float] = {}
        self._noted_at = now()
        self._rereading = Rereading("key-ring", self._look, refresh_seconds, self._leave)

    def find(self, text: str) -> ApiKey | None:
        """The key that `text` is, if it is good now."""
        parsed = parse_key(text)
        key = None if parsed is None else self._known.get(parsed[0])
        if parsed is None or key is None or not key.is_opened_by(parsed[1]) or not key.is_good(self._now()):
            return None
        self._used[key.key_id] = self._now()
        return key

    def close(self, timeout: float = 5.0) -> None:
        """Ends the thread and writes down what was used; safe to call twice."""
        self._rereading.close(timeout)

    def _look(self) -> None:
        try:
            self._known = {key.key_id: key for key in self._keys.all()}
        except Exception as error:
            logger.warning("the keys could not be read: %s", type(error).__name__)
        if self._now() - self._noted_at >= NOTE_SECONDS:
            self._note()

    def _leave(self) -> None:
        self._note()
        self._close_store()

    def _note(self) -> None:
        used, self._used = self._used, {}
        self._noted_at = self._now()
        if not used:
            return
        try:
            self._keys.used(used)
        except Exception as error:
            logger.warning("when keys were used last could not be written: %s", type(error).__name__)
