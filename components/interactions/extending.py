"""Adds what is new in a source to what a version has of it already."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pandas as pd

from components.interactions.columns import ITEM, TIMESTAMP, TYPE, USER
from components.interactions.screening import Screened
from components.interactions.source import INTERACTIONS, SourceTables

_KEY = [USER, ITEM, TYPE, TIMESTAMP]


def with_known_items(news: SourceTables, old: Screened) -> SourceTables:
    """`news`, so that the items of `old` are known too; what `news` says of an item holds."""
    if not old.catalogued and news.items is None:
        return news
    if news.items is None:
        return dataclasses.replace(news, items=old.items)
    kept = old.items[~old.items[ITEM].isin(news.items[ITEM].astype(str).str.strip())]
    items = pd.concat([kept.astype(object), news.items.astype(object)], ignore_index=True)
    return dataclasses.replace(news, items=items)


def extend(old: Screened, news: Screened) -> Screened:
    """Both, with rows that say the same merged into the older one; quarantine and counts are those of both.

    `old` holds no feedback of ours; see components.interactions.composing.
    """
    both = pd.concat([old.interactions[list(news.interactions.columns)], news.interactions], ignore_index=True)
    again = both.duplicated(_KEY)
    items = pd.concat([old.items[~old.items[ITEM].isin(news.items[ITEM])], news.items], ignore_index=True)
    users = pd.concat([old.users[~old.users[USER].isin(news.users[USER])], news.users], ignore_index=True)
    merged = _sum(old.merged, news.merged)
    if again.any():
        merged = _sum(merged, {INTERACTIONS: int(again.sum())})
    return dataclasses.replace(
        news,
        interactions=both[~again].sort_values([TIMESTAMP, USER, ITEM, TYPE], ignore_index=True),
        items=items.sort_values(ITEM, ignore_index=True),
        users=users.fillna("").sort_values(USER, ignore_index=True),
        quarantine=pd.concat([old.quarantine, news.quarantine], ignore_index=True).fillna(""),
        rows=_sum(old.rows, news.rows),
        merged=merged,
        timed=old.timed and news.timed,
        catalogued=old.catalogued,
        item_vectors=news.item_vectors if news.item_vectors is not None else old.item_vectors,
    )


def _sum(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    return {name: first.get(name, 0) + second.get(name, 0) for name in {**first, **second}}
