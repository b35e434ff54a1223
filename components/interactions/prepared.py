"""Turns the tables of a data version into what training starts from: relevance marked, users and items in row order."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from components.interactions.columns import ITEM, TIMESTAMP, TYPE, USER, VALUE
from components.interactions.timestamps import NO_TIME

RELEVANT = "relevant"
"""Column of prepared interactions: whether the user found the item good, bool."""


class PreparationError(ValueError):
    """The tables of a data version cannot be trained on; the message says why."""


@dataclass(frozen=True)
class Prepared:
    """The order of `users` and `items` is the order of rows in every model: by id.

    Attributes:
        interactions: as given, with `RELEVANT`, sorted by time, user, item and type.
        users: those with interactions, with their attributes.
        items: the whole catalogue.
    """

    interactions: pd.DataFrame
    items: pd.DataFrame
    users: pd.DataFrame


def prepare(
    interactions: pd.DataFrame,
    items: pd.DataFrame,
    users: pd.DataFrame,
    positive_threshold: float,
    timed: bool = True,
) -> Prepared:
    """Mark an interaction relevant when its value is at least `positive_threshold`; the order of rows does not matter.

    Where the source has no times (not `timed`), the times of our own feedback are left out too: they would make it the
    last that everybody did.

    Raises:
        PreparationError: there are no interactions, or some name an item that the catalogue lacks.
    """
    if interactions.empty:
        raise PreparationError("the data version has no interactions; ingest more of them")
    unknown = ~interactions[ITEM].isin(items[ITEM])
    if unknown.any():
        raise PreparationError(
            f"{int(unknown.sum())} interactions name unknown items, such as {interactions[ITEM][unknown].iloc[0]!r}"
        )
    marked = interactions.assign(**{RELEVANT: interactions[VALUE] >= positive_threshold})
    if not timed:
        marked = marked.assign(**{TIMESTAMP: NO_TIME})
    active = pd.DataFrame({USER: sorted(interactions[USER].unique())})
    return Prepared(
        interactions=marked.sort_values([TIMESTAMP, USER, ITEM, TYPE], kind="stable", ignore_index=True),
        items=items.sort_values(ITEM, kind="stable", ignore_index=True),
        users=active.merge(users.drop_duplicates(USER), on=USER, how="left"),
    )
