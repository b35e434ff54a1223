"""Cuts interactions into train and test by lot: of all together, or of each item apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from components.interactions.columns import ITEM, TIMESTAMP, TYPE, USER
from components.splitting.temporal import SplitError, TrainTest

ORDER = [TIMESTAMP, USER, ITEM, TYPE]


def split_at_random(interactions: pd.DataFrame, share: float, seed: int) -> TrainTest:
    """A random `share` of all interactions, rounded down, is the test part. The order of the rows does not matter.

    Raises:
        SplitError: there are no interactions.
    """
    _refuse_nothing(interactions)
    ordered = interactions.sort_values(ORDER, kind="stable", ignore_index=True)
    lot = np.random.default_rng(seed).permutation(len(ordered))
    return _parts(ordered, lot < int(len(ordered) * share + 1e-9))


def split_by_item(interactions: pd.DataFrame, share: float, seed: int) -> TrainTest:
    """Of each item's interactions a random `share` is the test part, the train part being rounded to the nearest.

    This is `python_stratified_split(filter_by="item")` of Microsoft's Recommenders, number by number: it draws from the
    legacy generator in the order of the rows, so that, other than with the other splits, their order does matter.

    Raises:
        SplitError: there are no interactions.
    """
    _refuse_nothing(interactions)
    drawn = np.random.RandomState(seed).rand(len(interactions))
    items = interactions[ITEM].to_numpy()
    table = pd.DataFrame({"item": items, "drawn": drawn}).sort_values(["item", "drawn"], kind="stable")
    by_item = table.groupby("item", sort=False)["drawn"]
    in_train = by_item.cumcount() < (by_item.transform("size") * (1 - share)).round()
    test = ~in_train.sort_index().to_numpy()
    rows = interactions.reset_index(drop=True)
    ordered = rows.assign(_test=test).sort_values(ORDER, kind="stable", ignore_index=True)
    return _parts(ordered.drop(columns="_test"), ordered["_test"].to_numpy())


def _refuse_nothing(interactions: pd.DataFrame) -> None:
    if interactions.empty:
        raise SplitError("there are no interactions to split")


def _parts(ordered: pd.DataFrame, test: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> TrainTest:
    return TrainTest(ordered[~test].reset_index(drop=True), ordered[test].reset_index(drop=True))
