"""Cuts interactions into train and test by time: one cut per user, or one for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from components.interactions.columns import ITEM, TIMESTAMP, TYPE, USER
from components.interactions.timestamps import NO_TIME

ORDER = [TIMESTAMP, USER, ITEM, TYPE]


class SplitError(ValueError):
    """Nothing can be cut; the message says why."""


@dataclass(frozen=True)
class TrainTest:
    """The two parts, each sorted by time, user, item and type, with a fresh row index."""

    train: pd.DataFrame
    test: pd.DataFrame


def split(
    interactions: pd.DataFrame, protocol: Literal["per_user_temporal", "global_temporal"], share: float
) -> TrainTest:
    """Cut by the named protocol; see `split_per_user` and `split_globally`."""
    cut = split_per_user if protocol == "per_user_temporal" else split_globally
    return cut(interactions, share)


def split_per_user(interactions: pd.DataFrame, share: float) -> TrainTest:
    """Each user's last `share` of interactions is the test part, rounded down, so a user with one keeps it in train.

    Interactions of one user at the same moment are ordered by item id. The order of the rows does not matter.

    Raises:
        SplitError: there are no interactions.
    """
    ordered = _ordered(interactions)
    by_user = ordered.groupby(USER, sort=False)[ITEM]
    position = by_user.cumcount().to_numpy()
    total = by_user.transform("size").to_numpy()
    n_test = np.floor(total * share + 1e-9).astype(int)
    return _parts(ordered, position >= total - n_test)


def split_globally(interactions: pd.DataFrame, share: float) -> TrainTest:
    """The last `share` of all interactions is the test part; the moment of the cut belongs to it as a whole.

    Raises:
        SplitError: there are no interactions, or all happen at one moment, so that no cut leaves a train part.
    """
    ordered = _ordered(interactions)
    n_train = len(ordered) - int(len(ordered) * share + 1e-9)
    cut = ordered[TIMESTAMP].iloc[min(n_train, len(ordered) - 1)]
    test = (ordered[TIMESTAMP] >= cut).to_numpy()
    if test.all():
        raise SplitError(f"no interaction precedes the cut at {cut}: nothing is left to train on")
    return _parts(ordered, test)


def _ordered(interactions: pd.DataFrame) -> pd.DataFrame:
    if interactions.empty:
        raise SplitError("there are no interactions to split")
    if len(interactions) > 1 and (interactions[TIMESTAMP] == NO_TIME).all():
        raise SplitError("the data have no times, so nothing comes last; set split.protocol to random")
    return interactions.sort_values(ORDER, kind="stable", ignore_index=True)


def _parts(ordered: pd.DataFrame, test: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> TrainTest:
    return TrainTest(ordered[~test].reset_index(drop=True), ordered[test].reset_index(drop=True))
