"""What Spark takes of a source, and what it refuses as an ingest would read it otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from components.adapters.files.params_file import read_params
from components.adapters.spark.screening import screen_interactions
from components.adapters.spark.source import read_interactions
from components.interactions.source import SourceError

CONFIG = read_params(Path(__file__).parents[4] / "params.yaml").ingest
GOOD = {"user": ["a", "b"], "item": ["x", "y"], "rating": [4.0, 5.0], "time": [1_600_000_000, 1_600_000_001]}


def write(folder: Path, **columns: Any) -> str:
    pd.DataFrame({**GOOD, **columns}).to_parquet(folder / "part.parquet", index=False)
    return str(folder)


def test_rows_are_numbered_on_from_file_to_file(spark: Any, tmp_path: Path) -> None:
    for name in ("b", "a"):
        pd.DataFrame({**GOOD, "user": [f"{name}0", f"{name}1"]}).to_parquet(tmp_path / f"{name}.parquet", index=False)
    found = read_interactions(spark, str(tmp_path), {}).toPandas().sort_values("row")
    assert found["user_id"].tolist() == ["a0", "a1", "b0", "b1"]
    assert found["row"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("factor", [1, 1_000, 1_000_000, 1_000_000_000])
def test_seconds_and_their_thousandths_are_the_same_moments(spark: Any, tmp_path: Path, factor: int) -> None:
    source = write(tmp_path, time=[1_600_000_000 * factor, 1_600_000_001 * factor])
    found = read_interactions(spark, source, {}).toPandas().sort_values("row")["timestamp"]
    assert found.tolist() == [pd.Timestamp(1_600_000_000 + place, unit="s") for place in (0, 1)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"rating": ["4,5", "3"]}, "column rating holds text"),
        ({"time": ["2020-01-01", "2020-01-02"]}, "column time holds text"),
        ({"time": [20200101, 20200102]}, "look like YYYYMMDD"),
        ({"user": ["1,234", "5"]}, "numbers as text with ','"),
        ({"item": ["1.0", "5.0"]}, "numbers as text with '.'"),
    ],
)
def test_what_a_whole_column_decides_is_refused(
    spark: Any, tmp_path: Path, columns: dict[str, Any], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        read_interactions(spark, write(tmp_path, **columns), {})


def test_a_file_that_is_no_parquet_is_named(spark: Any, tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_text("user,item\na,b\n")
    with pytest.raises(SourceError, match=r"rows\.parquet is not read as Parquet"):
        read_interactions(spark, str(tmp_path / "rows.parquet"), {})


def test_a_column_that_is_not_there_is_named(spark: Any, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="mapping names the column 'who'"):
        read_interactions(spark, write(tmp_path), {"who": "user_id"})


@pytest.mark.parametrize("change", [{"filters": ["value > 3"]}, {"values": "ratings", "source_range": None}])
def test_rules_that_look_at_the_whole_source_are_refused(spark: Any, tmp_path: Path, change: dict[str, Any]) -> None:
    raw = read_interactions(spark, write(tmp_path), {})
    with pytest.raises(SourceError, match=r"ingest\."):
        screen_interactions(raw, None, CONFIG.model_copy(update=change))


def test_one_user_written_in_several_ways_is_one_for_merging(spark: Any, tmp_path: Path) -> None:
    users = ["7", " 7", '="7"', "7\u200b"]
    source = write(tmp_path, user=users, item=["x"] * 4, rating=[4.0] * 4, time=[1_600_000_000] * 4)
    reasons = screen_interactions(read_interactions(spark, source, {}).repartition(4), None, CONFIG).toPandas()
    assert sorted(reasons["reason"]) == ["", "merged", "merged", "merged"]
