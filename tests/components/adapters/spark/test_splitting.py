"""Spark cuts every row as the local path does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.adapters.spark.splitting import ROW, mark_last_ones, mark_per_user
from components.splitting.last_ones import leave_one_out
from components.splitting.temporal import SplitError, split_per_user

KEY = ["user_id", "item_id", "type", "timestamp"]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Thirty users with one to sixty interactions, many of them at one moment."""
    rng = np.random.default_rng(3)
    users = np.repeat(np.arange(30), rng.integers(1, 60, 30))
    table = pd.DataFrame(
        {
            "user_id": [f"u{user}" for user in users],
            "item_id": [f"i{item}" for item in rng.integers(0, 40, len(users))],
            "value": rng.integers(1, 6, len(users)).astype(float),
            "type": rng.choice(["rating", "view"], len(users)),
            "timestamp": pd.to_datetime(1.5e9 + 3600 * rng.integers(0, 12, len(users)), unit="s", utc=True),
        }
    ).drop_duplicates(KEY)
    return table.sample(frac=1, random_state=1).reset_index(drop=True)


def in_spark(spark: Any, rows: pd.DataFrame) -> Any:
    return spark.createDataFrame(rows.assign(**{ROW: np.arange(len(rows))}))


def parts(marked: Any) -> dict[str, pd.DataFrame]:
    frame = marked.toPandas()
    frame["timestamp"] = frame["timestamp"].dt.tz_localize("UTC").astype("datetime64[ns, UTC]")
    return dict(iter(frame.groupby("part")))


def assert_same_rows(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    ordered = [frame[[*KEY, "value"]].sort_values(KEY, ignore_index=True) for frame in (found, expected)]
    pd.testing.assert_frame_equal(*ordered)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_a_cut_per_user_is_that_of_the_local_path(spark: Any, rows: pd.DataFrame, share: float) -> None:
    found, expected = parts(mark_per_user(in_spark(spark, rows), share)), split_per_user(rows, share)
    assert_same_rows(found["train"], expected.train)
    assert_same_rows(found["test"], expected.test)


@pytest.mark.parametrize("refit", [False, True])
def test_the_last_ones_are_those_of_the_local_path(spark: Any, rows: pd.DataFrame, refit: bool) -> None:
    found, expected = parts(mark_last_ones(in_spark(spark, rows), refit)), leave_one_out(rows, refit)
    assert_same_rows(found["train"], expected.train)
    assert_same_rows(found["test"], expected.test)
    assert ("later" in found) is not refit
    if not refit:
        assert_same_rows(found["later"], expected.later)


def test_rows_without_an_order_are_refused(spark: Any, rows: pd.DataFrame) -> None:
    untimed = rows.assign(timestamp=pd.Timestamp("1970-01-01", tz="UTC"))
    for cut in (lambda table: mark_per_user(table, 0.2), mark_last_ones):
        with pytest.raises(SplitError, match="no times"):
            cut(in_spark(spark, untimed))
        with pytest.raises(SplitError, match="no interactions"):
            cut(in_spark(spark, rows).filter("false"))


def test_nobody_with_three_interactions_leaves_none_out(spark: Any, rows: pd.DataFrame) -> None:
    with pytest.raises(SplitError, match="no user has three"):
        mark_last_ones(in_spark(spark, rows.groupby("user_id").head(2).reset_index(drop=True)))
