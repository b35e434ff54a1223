"""Asks for the last interaction: of every user (leave-one-out), or of those seen after one cut in time (timeline)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.interactions.columns import ITEM, TIMESTAMP, USER
from components.interactions.timestamps import NO_TIME, PLACES_UNTIL
from components.splitting.temporal import SplitError


@dataclass(frozen=True)
class LastOnes:
    """Parts of the rows, each sorted by time; rows of one moment keep the order that they were given in.

    Attributes:
        train: what is learnt from.
        later: what is known of a user when they are asked about, and nobody learns from.
        test: the one interaction that is asked for.
        chosen_by: whether `later` is one interaction a user, which settings are chosen by.
    """

    train: pd.DataFrame
    later: pd.DataFrame
    test: pd.DataFrame
    chosen_by: bool = False


def leave_one_out(interactions: pd.DataFrame, refit: bool = False) -> LastOnes:
    """The last interaction of each user is asked for, the one before chooses settings, and neither is learnt from.

    With `refit` the one before is learnt from in the end, and `later` is empty. Users with fewer than three
    interactions are learnt from alone.

    Raises:
        SplitError: there are no interactions, no order, or nobody has three.
    """
    ordered = _ordered(interactions)
    back, size = _places_from_the_end(ordered)
    long = size >= 3
    test, before = (back == 0) & long, (back == 1) & long
    if not test.any():
        raise SplitError("no user has three interactions, so none can be left out; use another protocol")
    later = np.zeros(len(ordered), np.bool_) if refit else before
    return LastOnes(_rows(ordered, ~test & ~later), _rows(ordered, later), _rows(ordered, test), not refit)


def timeline(interactions: pd.DataFrame, share: float) -> LastOnes:
    """Nothing is learnt of what follows the cut before the last `share`; who was there after it is asked for their
    last interaction, with all that they did before it known: a model meets its users so until the next training.

    The moment of the cut belongs to what follows it.

    Raises:
        SplitError: there are no interactions or no times, or all happen at one moment.
    """
    ordered = _ordered(interactions)
    if ordered[TIMESTAMP].max() < PLACES_UNTIL:
        raise SplitError("the data say in which order each user met items, and not when; use leave-one-out")
    n_train = len(ordered) - int(len(ordered) * share + 1e-9)
    cut = ordered[TIMESTAMP].iloc[min(n_train, len(ordered) - 1)]
    after = (ordered[TIMESTAMP] >= cut).to_numpy()
    if after.all():
        raise SplitError(f"no interaction precedes the cut at {cut}: nothing is left to train on")
    test = after & (_places_from_the_end(ordered)[0] == 0)
    return LastOnes(_rows(ordered, ~after), _rows(ordered, after & ~test), _rows(ordered, test))


def _ordered(interactions: pd.DataFrame) -> pd.DataFrame:
    if interactions.empty:
        raise SplitError("there are no interactions to split")
    if len(interactions) > 1 and (interactions[TIMESTAMP] == NO_TIME).all():
        raise SplitError("the data have no times, so nothing comes last; use the protocol random")
    return interactions.sort_values(TIMESTAMP, kind="stable", ignore_index=True)


def _places_from_the_end(ordered: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    by_user = ordered.groupby(USER, sort=False)[ITEM]
    return by_user.cumcount(ascending=False).to_numpy(), by_user.transform("size").to_numpy()


def _rows(ordered: pd.DataFrame, which: np.ndarray) -> pd.DataFrame:
    return ordered[which].reset_index(drop=True)
