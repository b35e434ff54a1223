"""Rows of Spark's ids are their places in the order of text, as in every model."""

from __future__ import annotations

from typing import Any

import pandas as pd

from components.adapters.spark.row_numbers import number_ids


def test_ids_are_numbered_in_the_order_of_their_text(spark: Any) -> None:
    ids = ["b", "a", "10", "9", "é", "Z", "𝄞", "\ufb01", "a"] + [f"user {place}" for place in range(500)]
    found = number_ids(spark.createDataFrame(pd.DataFrame({"id": ids})).repartition(7), "id", "row").toPandas()
    assert dict(zip(found["id"], found["row"], strict=True)) == {name: row for row, name in enumerate(sorted(set(ids)))}


def test_no_ids_have_no_rows(spark: Any) -> None:
    assert number_ids(spark.createDataFrame([], "id string"), "id", "row").count() == 0
