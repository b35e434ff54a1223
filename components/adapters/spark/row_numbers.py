"""Numbers ids from 0 in the order of their text, as rows of a model are, without bringing them into one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_PART_BITS = 33
"""Of `monotonically_increasing_id`: what is above them counts parts, what is below the rows of a part."""


def number_ids(frame: DataFrame, column: str, row: str) -> DataFrame:
    """Each distinct value of `column` beside its place in the order of text, int, in the column `row`."""
    from pyspark.sql import functions as f

    ordered = frame.select(column).distinct().orderBy(column).withColumn("_at", f.monotonically_increasing_id()).cache()
    part = f.shiftright("_at", _PART_BITS).cast("int")
    sizes = {each["part"]: each["count"] for each in ordered.groupBy(part.alias("part")).count().collect()}
    starts, so_far = [], 0
    for place in range(max(sizes, default=-1) + 1):
        starts.append(so_far)
        so_far += sizes.get(place, 0)
    start = f.get(f.array(*map(f.lit, starts or [0])), part)
    within = f.col("_at").bitwiseAND(f.lit((1 << _PART_BITS) - 1))
    return ordered.select(column, (start + within).cast("int").alias(row))
