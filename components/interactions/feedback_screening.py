"""Keeps out of training what looks made up: more than a person does, and crowds of strangers around one item.

Feedback that answers to what we showed says where it came from. What is judged here is the rest, of which anybody who
can post may invent any amount. It stays in the store, and is looked at anew by every ingest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config.ingest import FeedbackScreening
from components.interactions.columns import ITEM, PROPENSITY, TIMESTAMP, USER

BURST = "one user did more in a minute than a person does"
CROWD = "new users who crowd around one item that nobody showed them"
TOO_MANY = "older than the newest that count of one user"
REASON = "reason"


@dataclass(frozen=True)
class ScreenedFeedback:
    """`kept` and `quarantined` are rows of a data version, those with a column `reason`; `crowded` are item ids."""

    kept: pd.DataFrame
    quarantined: pd.DataFrame
    crowded: tuple[str, ...]


def screen_feedback(events: pd.DataFrame, base: pd.DataFrame, config: FeedbackScreening) -> ScreenedFeedback:
    """Divides settled `events`; `base` is what other sources say, both with the columns of a data version.

    - A user's events of which more than `burst_events` fall into `burst_seconds` are a burst.
    - An item is crowded where at least `crowd_users` newcomers did something with it that answers to nothing we
      showed, more than `crowd_times` as many as its share of `base` lets expect, and most of those who did anything
      with it. Newcomers are not in `base` and have at most `newcomer_events` events. All that those newcomers did
      without us is quarantined, as a crowd hides behind other items. `expected_items` are never crowded.
    - Of one user the newest `user_events` count.
    """
    burst = _bursts(events, config)
    crowded, crowd = _crowds(events, base, config)
    reasons = pd.Series(np.select([burst, crowd], [BURST, CROWD], default=""), index=events.index, dtype=object)
    rest = events[reasons == ""].sort_values([TIMESTAMP, ITEM], ascending=False, kind="stable")
    place = rest.groupby(USER, sort=False).cumcount()
    reasons[place[place >= config.user_events].index] = TOO_MANY
    out = reasons != ""
    return ScreenedFeedback(events[~out], events[out].assign(**{REASON: reasons[out]}), crowded)


def _bursts(events: pd.DataFrame, config: FeedbackScreening) -> NDArray[np.bool_]:
    """Which events are part of a burst, by place."""
    order = np.lexsort((events[TIMESTAMP].to_numpy(), events[USER].to_numpy(str)))
    users = events[USER].to_numpy(str)[order]
    seconds = events[TIMESTAMP].to_numpy("datetime64[ns]")[order].astype("int64") / 1e9
    found = np.zeros(len(events), bool)
    width = config.burst_events
    if len(events) > width:
        last = np.arange(width, len(events))
        first = last - width
        tight = (users[first] == users[last]) & (seconds[last] - seconds[first] <= config.burst_seconds)
        starts = np.zeros(len(events) + 1, np.int64)
        np.add.at(starts, first[tight], 1)
        np.add.at(starts, last[tight] + 1, -1)
        found[order] = np.cumsum(starts)[:-1] > 0
    return found


def _crowds(
    events: pd.DataFrame, base: pd.DataFrame, config: FeedbackScreening
) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
    """The crowded items, in order, and which events are of their crowds, by place."""
    counts = events[USER].map(events[USER].value_counts())
    newcomer = ~events[USER].isin(base[USER].unique()) & (counts <= config.newcomer_events)
    unshown = newcomer & events[PROPENSITY].isna()
    strangers = events[unshown].groupby(ITEM)[USER].nunique()
    everybody = events.groupby(ITEM)[USER].nunique().reindex(strangers.index)
    met = base[ITEM].value_counts()
    share = (met.reindex(strangers.index).fillna(0) + 1) / (len(base) + len(met) + 1)
    expected = share * int(unshown.sum())
    is_crowded = (
        (strangers >= config.crowd_users) & (strangers > config.crowd_times * expected) & (strangers > everybody / 2)
    )
    crowded = [item for item in strangers.index[is_crowded] if item not in config.expected_items]
    members = events.loc[unshown & events[ITEM].isin(crowded), USER].unique()
    return tuple(sorted(crowded)), (unshown & events[USER].isin(members)).to_numpy()
