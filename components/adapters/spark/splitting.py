"""Marks each interaction with the part of a split it belongs to, row by row as `components.splitting` cuts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.interactions.columns import ITEM, TIMESTAMP, TYPE, USER
from components.interactions.timestamps import NO_TIME
from components.splitting.temporal import SplitError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PART = "part"
TRAIN, LATER, TEST = "train", "later", "test"
ROW = "row"
"""Place of an interaction in its source, from 0."""


def mark_per_user(rows: DataFrame, share: float) -> DataFrame:
    """With `PART`: `splitting.temporal.split_per_user`, each user's last `share` is the test part.

    Raises:
        SplitError: there are no interactions, or no times.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    _check_ordered(rows)
    of_user = Window.partitionBy(USER)
    place = f.row_number().over(of_user.orderBy(TIMESTAMP, ITEM, TYPE))
    size = f.count(f.lit(1)).over(of_user)
    n_test = f.floor(size * f.lit(share) + f.lit(1e-9))
    return rows.withColumn(PART, f.when(place > size - n_test, TEST).otherwise(TRAIN))


def mark_last_ones(rows: DataFrame, refit: bool = False) -> DataFrame:
    """With `PART`: `splitting.last_ones.leave_one_out`; what happened at one moment keeps the order of `ROW`.

    Raises:
        SplitError: there are no interactions, no times, or nobody has three.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    _check_ordered(rows)
    of_user = Window.partitionBy(USER)
    back = f.row_number().over(of_user.orderBy(f.desc(TIMESTAMP), f.desc(ROW)))
    size = f.count(f.lit(1)).over(of_user)
    if rows.groupBy(USER).count().filter("count >= 3").isEmpty():
        raise SplitError("no user has three interactions, so none can be left out; use per-user-temporal")
    before = f.lit(TRAIN if refit else LATER)
    named = f.when(size < 3, TRAIN).when(back == 1, TEST).when(back == 2, before).otherwise(TRAIN)
    return rows.withColumn(PART, named)


def _check_ordered(rows: DataFrame) -> None:
    from pyspark.sql import functions as f

    n, latest = rows.agg(f.count(f.lit(1)), f.max(f.unix_micros(TIMESTAMP))).first() or (0, None)
    if not n:
        raise SplitError("there are no interactions to split")
    if n > 1 and latest == NO_TIME.value // 1000:
        raise SplitError("the data have no times, so nothing comes last; Spark cuts by time alone")
