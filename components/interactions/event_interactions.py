"""Decides what stored feedback says to training: which events are interactions, and of what value.

The same as the service makes of it at once (components/serving/live_history.py): of a user's ratings of an item the
last counts, a dislike being the lowest; an item without a rating is liked once it was clicked or purchased, and where
types weigh differently the weightiest counts. Views and dwelling say that the item is known, not whether it is liked;
unless they have a weight they enter no data version, and the service goes on leaving the item out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.config.ingest import IngestConfig
from components.interactions.columns import EVENT, ITEM, ORIGIN, PROPENSITY, TIMESTAMP, TYPE, USER, VALUE

EVENTS = "events"
"""What the column `source` says of an interaction that is a feedback of ours."""

VERSION_COLUMNS = (USER, ITEM, VALUE, TYPE, TIMESTAMP, ORIGIN, EVENT, PROPENSITY)
LIKES = ("click", "purchase")
RATING, DISLIKE = "rating", "dislike"
TYPES = frozenset({*LIKES, RATING, DISLIKE, "view", "dwell"})
"""Of feedback that is posted."""


@dataclass(frozen=True)
class EventInteractions:
    """`rows` has the columns of a data version; `left_out` says how many events are no interactions, and why."""

    rows: pd.DataFrame
    left_out: dict[str, int]


def event_interactions(feedback: pd.DataFrame, config: IngestConfig) -> EventInteractions:
    """What the events in `feedback` (components.adapters.store.traffic.event_rows) are as interactions.

    A click or a purchase has the value `config.implicit_value`, whatever value came with it, and a dislike has
    the least value there is; a type in `config.weights` has its weight.
    """
    kind, value = feedback["type"], feedback["value"]
    weights = kind.map(weights_of_events(config)).astype("float64")
    weighed = weights.notna()
    liked, disliked = kind.isin(LIKES) | weighed, kind == DISLIKE
    rated = (kind == RATING) & value.notna() & ~weighed
    low = -np.inf if config.min_value is None else config.min_value
    high = np.inf if config.max_value is None else config.max_value
    in_range = value.between(low, high)
    reasons = {
        "says nothing about liking (view, dwell, rating without a value)": ~(liked | disliked | rated),
        "rating out of range": rated & ~in_range,
    }
    good = feedback[liked | disliked | (rated & in_range)]
    moments = np.rint(good["occurred_at"].to_numpy() * 1e6).astype("int64") * 1000
    rows = pd.DataFrame(
        {
            USER: good["user_id"],
            ITEM: good["item_id"],
            VALUE: good["value"]
            .where(good["type"] == RATING, config.implicit_value)
            .mask(good["type"] == DISLIKE, dislike_value(config))
            .mask(weighed[good.index], weights[good.index]),
            TYPE: good["type"],
            TIMESTAMP: pd.to_datetime(moments, unit="ns", utc=True),
            ORIGIN: EVENTS,
            EVENT: good["event_id"],
            PROPENSITY: good["propensity"],
        }
    )
    counts = {reason: int(mask.sum()) for reason, mask in reasons.items() if mask.any()}
    return EventInteractions(rows.reset_index(drop=True), counts)


def dislike_value(config: IngestConfig) -> float:
    """What a dislike counts as: the least value there is, 0 where values have no end."""
    return 0.0 if config.min_value is None else config.min_value


def weights_of_events(config: IngestConfig) -> dict[str, float]:
    """What each type of feedback that `config.weights` names weighs; case does not matter."""
    named = {name.strip().casefold(): weight for name, weight in (config.weights or {}).items()}
    return {name: weight for name, weight in named.items() if name in TYPES}


def settle(events: pd.DataFrame) -> pd.DataFrame:
    """One row per user and item of `events` (rows of a data version): the last rating, or else of the likes that are
    worth most the first.

    An `event_id` that is there twice counts once.
    """
    unique = events.drop_duplicates(EVENT)
    rated = unique[TYPE].isin((RATING, DISLIKE))
    # Ratings first, the latest of them; then likes, of those of most worth the earliest.
    moment = unique[TIMESTAMP].astype("int64")
    worth = -unique[VALUE].where(~rated, 0.0)
    order = pd.DataFrame({"like": ~rated, "worth": worth, "moment": moment.where(~rated, -moment)})
    order["event"] = unique[EVENT]
    ranked = unique.loc[order.sort_values(["like", "worth", "moment", "event"]).index]
    return ranked.drop_duplicates([USER, ITEM]).sort_index()


def merge(base: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """`base` with the settled `events` (both with the columns of a data version), in the order of a data version.

    A rating that is not older takes the place of what `base` has of that user and item; anything else that `base` knows
    already is left out, so that no item stands in both parts of a split.
    """
    keys = [USER, ITEM]
    last = base.groupby(keys, sort=False)[TIMESTAMP].max().rename("known").reset_index()
    held = events.merge(last, how="left", on=keys)
    replaces = held[TYPE].isin((RATING, DISLIKE)) & (held[TIMESTAMP] >= held["known"])
    taken = held[held["known"].isna() | replaces]
    replaced = pd.MultiIndex.from_frame(held.loc[replaces, keys])
    kept = base[~pd.MultiIndex.from_frame(base[keys]).isin(replaced)]
    parts = [part for part in (kept, taken[list(VERSION_COLUMNS)]) if len(part)]
    whole = pd.concat(parts, ignore_index=True) if parts else kept
    return whole.sort_values([TIMESTAMP, USER, ITEM, TYPE], ignore_index=True)
