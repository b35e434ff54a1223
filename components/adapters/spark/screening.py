"""Screens interactions with Spark: the rules of an ingest, by its own code, on parts that each hold whole users."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from components.adapters.spark.splitting import ROW
from components.config.ingest import IngestConfig
from components.interactions.arrow_frame import frame_of
from components.interactions.cells import read_texts
from components.interactions.columns import INTERACTION_COLUMNS, TIMESTAMP, USER, VALUE
from components.interactions.row_checks import GOOD, MERGED, check_interactions
from components.interactions.screening import REASON
from components.interactions.source import SourceError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

CELLS = "cells"
"""Of a row that is not good, what the source has, as JSON."""
_SCHEMA = pa.schema(
    [
        ("user_id", pa.string()),
        ("item_id", pa.string()),
        ("value", pa.float64()),
        ("type", pa.string()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
        (ROW, pa.int64()),
        (REASON, pa.string()),
        (CELLS, pa.string()),
    ]
)
_COLUMNS = (
    f"user_id string, item_id string, value double, type string, timestamp timestamp, {ROW} long, {REASON} string, "
    f"{CELLS} string"
)
_AROUND_IDS = r'(?U)[\s\x00-\x1f\u200b-\u200f\u2060\ufeff="]'
"""What reading an id may take away around it: without all of it, ids that are read as one are one."""


@dataclass(frozen=True)
class Counted:
    """How many rows a source has, are good, say what another one says, and are bad for which reason."""

    rows: int
    good: int
    merged: int
    reasons: dict[str, int]

    @property
    def bad_share(self) -> float:
        """The share of rows that are bad; 0 without rows."""
        return sum(self.reasons.values()) / self.rows if self.rows else 0.0


def screen_interactions(raw: DataFrame, known_items: Sequence[str] | None, config: IngestConfig) -> DataFrame:
    """Every row of `raw` with `REASON`: good rows as `components.interactions.screening` has them, others with `CELLS`.

    A worker holds one part of the rows at a time. Times are kept to the microsecond.

    Raises:
        SourceError: `config` asks for what has to look at the whole source.
    """
    if config.filters:
        raise SourceError("ingest.filters are not applied by Spark; write the source without those rows")
    if config.values == "ratings" and config.source_range is None:
        raise SourceError('ingest.values "ratings" needs ingest.source_range here, as no part knows the range of all')
    known = raw.sparkSession.sparkContext.broadcast(None if known_items is None else frozenset(known_items))

    def check(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held = list(batches)
        if held:
            yield from _checked(frame_of(pa.Table.from_batches(held)), known.value, config).to_batches()

    return raw.repartition(_one_user(raw)).mapInArrow(check, _COLUMNS)


def count_screened(screened: DataFrame) -> Counted:
    """What became of the rows."""
    found = {each[REASON]: int(each["count"]) for each in screened.groupBy(REASON).count().collect()}
    good, merged = found.pop(GOOD, 0), found.pop(MERGED, 0)
    reasons = dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
    return Counted(good + merged + sum(reasons.values()), good, merged, reasons)


def _one_user(raw: DataFrame) -> Column:
    """Is the same for all rows whose user an ingest would read as one."""
    from pyspark.sql import functions as f

    if dict(raw.dtypes)[USER] in ("double", "float") or dict(raw.dtypes)[USER].startswith("decimal"):
        return f.col(USER).cast("double") + f.lit(0.0)
    return f.regexp_replace(f.col(USER).cast("string"), _AROUND_IDS, "")


def _checked(frame: pd.DataFrame, known: frozenset[str] | None, config: IngestConfig) -> pa.Table:
    raw = frame.sort_values(ROW, kind="stable", ignore_index=True)
    numbers = raw.pop(ROW)
    found = check_interactions(raw, known, config, part=True)
    rows = found.rows.reindex(raw.index)
    rows = rows.astype({name: object for name in INTERACTION_COLUMNS if name not in (VALUE, TIMESTAMP)})
    rows[TIMESTAMP] = rows[TIMESTAMP].dt.floor("us").astype("datetime64[us, UTC]")
    rows[ROW], rows[REASON] = numbers, found.reasons
    cells = pd.Series(None, index=raw.index, dtype=object)
    bad = found.reasons.index[(found.reasons != GOOD) & (found.reasons != MERGED)]
    if len(bad):
        shown = raw.loc[bad].apply(read_texts)
        cells[bad] = [json.dumps(row, ensure_ascii=False) for row in shown.to_dict("records")]
    rows[CELLS] = cells
    return pa.Table.from_pandas(rows[_SCHEMA.names], _SCHEMA, preserve_index=False)
