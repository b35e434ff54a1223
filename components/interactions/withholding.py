"""The demo's clock: cuts interactions in time, so that there is a past to train on and a future to come."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from components.interactions import columns
from components.interactions.timestamps import read_times

_SHARE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
_TIE_BREAKERS = (columns.USER, columns.ITEM, columns.TYPE, columns.VALUE)


class UntilError(ValueError):
    """The text of `until` is neither a time nor a share."""


@dataclass(frozen=True)
class FirstShare:
    """The first `fraction` (0 < fraction <= 1) of a source's rows in time order."""

    fraction: float


@dataclass(frozen=True)
class Withheld:
    """What the demo source shows, and what only the simulation sees."""

    shown: pd.DataFrame
    future: pd.DataFrame


def parse_until(text: str) -> datetime | FirstShare:
    """A moment in UTC from ISO 8601 text (a date is its midnight; no zone means UTC), or a share from text like "95%".

    Raises:
        UntilError: `text` is neither; the message names `until` and the accepted forms.
    """
    share = _SHARE.fullmatch(text)
    if share and 0 < float(share[1]) <= 100:
        return FirstShare(float(share[1]) / 100)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UntilError(
            f"until={text!r} is neither a time nor a share; give an ISO 8601 date or time in UTC, "
            'such as 2016-01-31 or 2016-01-31T12:00:00Z, or a share above 0 % and up to 100 %, such as "95%"'
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def until(interactions: pd.DataFrame, cut: datetime | FirstShare, day_first: bool | None = None) -> pd.DataFrame:
    """The rows before the moment `cut`, or the first share of the rows in time order, with their index.

    A share of n timed rows is floor(share * n) rows; equal times are ordered by user and item, so a larger share
    always holds the smaller one. Rows whose time cannot be read stay in: whether they are bad is screening's to say.

    Raises:
        UntilError: there is no column of times.
    """
    if columns.TIMESTAMP not in interactions:
        raise UntilError("until needs times, and the source has none; leave it out")
    times = read_times(interactions[columns.TIMESTAMP], day_first)
    if isinstance(cut, datetime):
        return interactions[times.isna() | (times < pd.Timestamp(cut))]
    ordered = _in_time_order(interactions, times)
    late = ordered[int(len(ordered) * cut.fraction + 1e-9) :]
    return interactions[~interactions.index.isin(late)]


def withhold_future(interactions: pd.DataFrame, share: float = 0.2) -> Withheld:
    """Parts each user's last `share` of interactions, floor(share * n) rows, from the rest; both keep their index.

    Rows whose time cannot be read are shown.
    """
    times = read_times(interactions[columns.TIMESTAMP])
    users = interactions[columns.USER].loc[_in_time_order(interactions, times)]
    position = users.groupby(users, sort=False).cumcount()
    size = users.groupby(users, sort=False).transform("size")
    kept = size - (size * share + 1e-9).astype("int64")
    in_future = interactions.index.isin(users.index[position >= kept])
    return Withheld(shown=interactions[~in_future], future=interactions[in_future])


def _in_time_order(interactions: pd.DataFrame, times: pd.Series[pd.Timestamp]) -> pd.Index[int]:
    """Index labels of the timed rows by time and then the other columns as text, whatever the order of the input."""
    names = [name for name in _TIE_BREAKERS if name in interactions.columns]
    keys = interactions[names].astype(str).assign(**{columns.TIMESTAMP: times})
    timed = keys.dropna(subset=[columns.TIMESTAMP])
    return timed.sort_values([columns.TIMESTAMP, *names], kind="stable").index
