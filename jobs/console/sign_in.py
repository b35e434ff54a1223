"""Finds the key that somebody signs in with, where it is good for the console."""

from __future__ import annotations

from components.access.api_keys import ApiKey, parse_key
from components.access.roles import Role
from jobs.wiring.workbench import Workbench

LOOKING: frozenset[Role] = frozenset({"viewer", "operator"})
"""Roles that may look at the console; only an operator's may change anything."""


def find_key(bench: Workbench, text: str, now: float) -> ApiKey | None:
    """The key that `text` is, if it is good at `now` and of a role that may look."""
    parsed = parse_key(text)
    if parsed is None:
        return None
    for key in bench.store.keys.all():
        if key.key_id == parsed[0] and key.is_opened_by(parsed[1]) and key.is_good(now) and key.role in LOOKING:
            return key
    return None
