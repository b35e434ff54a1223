"""Puts a data version together: what a source gave, what our own feedback adds, without who asked to be forgotten.

A version is a base and events. A source replaces the base and keeps the events of the version before; the event store
adds events and keeps the base.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from components.interactions.columns import EVENT, ITEM, ORIGIN, PROPENSITY, TIMESTAMP, USER
from components.interactions.event_interactions import EVENTS, VERSION_COLUMNS, merge, settle
from components.interactions.screening import TEXT, Screened

Forgotten = Mapping[str, float]
"""When each user was forgotten, seconds since 1970, by the digest of their id."""


@dataclass(frozen=True)
class Composed:
    """A version to be; `unknown_items` counts the events that name an item that the catalogue lacks."""

    screened: Screened
    unknown_items: int


def user_digest(user_id: str) -> str:
    """What a tombstone keeps of a user: a pseudonym, which whoever knows all ids can compute again."""
    return hashlib.sha256(f"recops user {user_id}".encode()).hexdigest()


def mark_origin(interactions: pd.DataFrame, origin: str) -> pd.DataFrame:
    """`interactions` with all columns of a data version; `origin` stands where a row does not say where it is from."""
    defaults: dict[str, Any] = {ORIGIN: origin, EVENT: "", PROPENSITY: float("nan")}
    missing = {name: value for name, value in defaults.items() if name not in interactions}
    return interactions.assign(**missing)[list(VERSION_COLUMNS)]


def compose(base: Screened, events: pd.DataFrame, forgotten: Forgotten) -> Composed:
    """`base`, whose interactions have all columns of a version, with `events` (rows of a version, settled here).

    What a forgotten user did before they were is left out, also of the quarantine, and with it the user, unless they
    have done something since.
    """
    settled = settle(events)
    unknown = ~settled[ITEM].isin(base.items[ITEM])
    whole = merge(base.interactions, settled[~unknown]) if len(settled) else base.interactions
    interactions = _without(whole, forgotten)
    users, quarantine = base.users, base.quarantine
    new = pd.DataFrame({USER: sorted(set(interactions[USER].unique()) - set(users[USER]))}, dtype=object)
    if len(new):
        users = pd.concat([users, new], ignore_index=True).fillna("").sort_values(USER, ignore_index=True)
    if forgotten:
        gone = _digests(users[USER]).isin(forgotten.keys()) & ~users[USER].isin(interactions[USER])
        users = users[~gone].reset_index(drop=True)
        if USER in quarantine:
            named = _digests(quarantine[USER]).isin(forgotten.keys())
            if TEXT in quarantine:
                named |= quarantine[TEXT].map(lambda text: _names_forgotten(text, forgotten))
            quarantine = quarantine[~named].reset_index(drop=True)
    composed = dataclasses.replace(base, interactions=interactions, users=users, quarantine=quarantine)
    return Composed(composed, int(unknown.sum()))


def split_version(interactions: pd.DataFrame, origin: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Base and events of a version's interactions; `origin` is the source of a version made before rows said theirs."""
    marked = mark_origin(interactions, origin)
    ours = marked[ORIGIN] == EVENTS
    return marked[~ours].reset_index(drop=True), marked[ours].reset_index(drop=True)


def _without(rows: pd.DataFrame, forgotten: Forgotten) -> pd.DataFrame:
    if not forgotten:
        return rows
    forgotten_at = _digests(rows[USER]).map(forgotten)
    before = rows[TIMESTAMP].astype("int64") / 1e9 < forgotten_at
    return rows[~before].reset_index(drop=True)


def _names_forgotten(text: str, forgotten: Forgotten) -> bool:
    """Whether a row that could not be read into cells holds a forgotten user's id as a word of its own."""
    return any(user_digest(word) in forgotten for word in re.split(r'[,;|"\s]+', text))


def _digests(user_ids: pd.Series[str]) -> pd.Series[str]:
    unique = {user_id: user_digest(user_id) for user_id in user_ids.unique()}
    return user_ids.map(unique)
