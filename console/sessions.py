"""Remembers who has signed in, by a cookie that says nothing by itself; a restart forgets all of them."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from components.access.api_keys import ApiKey

COOKIE = "recops_console"
LONGEST_SECONDS = 12 * 3600.0
MOST = 200
"""The oldest go when more sign in."""


@dataclass(frozen=True)
class Visitor:
    """Who looks at the console.

    Attributes:
        key: with which they have signed in; None for somebody who has not.
        text: the key as it is shown to a slot.
        keys_on: whether the slots ask for keys, and so the console does for looking.
    """

    keys_on: bool
    key: ApiKey | None = None
    text: str | None = None

    @property
    def may_look(self) -> bool:
        """Whether pages are shown."""
        return not self.keys_on or self.key is not None

    @property
    def may_ask(self) -> bool:
        """Whether a question or feedback goes to a slot: whoever could ask the gateway just so."""
        return not self.keys_on or self.may_act

    @property
    def may_act(self) -> bool:
        """Whether what is live, or what is stored, may be changed: with an operator's key alone, also while keys are
        off."""
        return self.key is not None and self.key.role == "operator"

    @property
    def name(self) -> str:
        """As histories keep it."""
        return "somebody" if self.key is None else f"{self.key.name} ({self.key.key_id}, console)"


class Sessions:
    """One per process. Tokens are drawn by `secrets`, and keep the key they stand for."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def begin(self, key_text: str, now: float) -> str:
        """The token of a new session."""
        while len(self._open) >= MOST:
            self._open.popitem(last=False)
        token = secrets.token_urlsafe(32)
        self._open[token] = (key_text, now + LONGEST_SECONDS)
        return token

    def key_text(self, token: str, now: float) -> str | None:
        """The key of a session that is not over."""
        found = self._open.get(token)
        if found is None or now >= found[1]:
            self._open.pop(token, None)
            return None
        return found[0]

    def end(self, token: str) -> None:
        """Signs out."""
        self._open.pop(token, None)
