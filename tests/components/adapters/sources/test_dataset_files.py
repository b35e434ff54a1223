"""Data sets are read as they are, and what they lack is said."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.stated_params import stated
from components.adapters.sources.dataset_files import DatasetError, read_dataset
from components.config.ingest import IngestConfig

CONFIG = stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0, implicit_value=5.0)
ROWS = [("u1", "i1", "5", "1600000000"), ("u1", "i2", "3", "1600000060"), ("u2", "i1", "1", "1600000120")]


def write(folder: Path, name: str, separator: str, header: str | None) -> Path:
    lines = [separator.join(row) for row in ROWS]
    path = folder / name
    path.write_text("\n".join(([header] if header else []) + lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("name", "separator", "header"),
    [
        ("x.csv", ",", "user_id,item_id,value,timestamp"),
        ("x.csv", ",", "userId,movieId,rating,timestamp"),
        ("x.tsv", "\t", "User\tItem\tRating\tTime"),
        ("u.data", "\t", None),
        ("ratings.dat", "::", None),
    ],
)
def test_every_format_gives_the_same_table(tmp_path: Path, name: str, separator: str, header: str | None) -> None:
    dataset = read_dataset(write(tmp_path, name, separator, header), None, {}, CONFIG)
    table = dataset.interactions
    assert table[["user_id", "item_id", "value"]].to_numpy().tolist() == [
        [user, item, float(value)] for user, item, value, _ in ROWS
    ]
    assert table["timestamp"].astype("int64").tolist() == [int(row[3]) * 10**9 for row in ROWS]
    assert dataset.items["item_id"].tolist() == ["i1", "i2"]
    assert dataset.missing == ("no items file: no content, diversity or features of items",)


def test_parquet_is_read_with_columns_named_by_hand(tmp_path: Path) -> None:
    frame = pd.DataFrame({"who": ["a", "b"], "what": ["x", "y"]})
    frame.to_parquet(tmp_path / "t.parquet")
    dataset = read_dataset(tmp_path / "t.parquet", None, {"who": "user_id", "what": "item_id"}, CONFIG)
    assert dataset.interactions["user_id"].tolist() == ["a", "b"]
    assert (dataset.has_values, dataset.has_times) == (False, False)
    assert [note.split(":")[0] for note in dataset.missing] == ["no values", "no times", "no items file"]


def test_films_bring_titles_and_genres(tmp_path: Path) -> None:
    (tmp_path / "movies.dat").write_text("i1::Heat (1995)::Crime|Drama\ni2::Ran (1985)::Drama\n", encoding="latin-1")
    items = read_dataset(write(tmp_path, "ratings.dat", "::", None), tmp_path / "movies.dat", {}, CONFIG).items
    assert items[["item_id", "title", "tags"]].to_numpy().tolist() == [
        ["i1", "Heat (1995)", "Crime|Drama"],
        ["i2", "Ran (1985)", "Drama"],
    ]


def test_u_item_names_its_genres(tmp_path: Path) -> None:
    (tmp_path / "u.genre").write_text("unknown|0\nAction|1\nDrama|2\n")
    (tmp_path / "u.item").write_text("i1|Amélie (2001)|||url|0|1|1\ni2|Ran (1985)|||url|0|0|1\n", encoding="latin-1")
    items = read_dataset(write(tmp_path, "u.data", "\t", None), tmp_path / "u.item", {}, CONFIG).items
    assert items.iloc[0][["title", "tags"]].tolist() == ["Amélie (2001)", "Action|Drama"]


def test_incomplete_rows_are_left_out_and_counted_where_an_ingest_would_take_the_rest(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("user,item,rating\na,x,5\n,x,4\nb,y,\n")
    lenient = CONFIG.model_copy(update={"max_bad_share": 0.7})
    dataset = read_dataset(tmp_path / "x.csv", None, {}, lenient)
    assert dataset.interactions["user_id"].tolist() == ["a"]
    assert "2 of 3 interactions were left out: 1 × null user_id, 1 × value is not a number" in dataset.missing
    with pytest.raises(DatasetError, match=r"2 of 3 rows .* are bad"):
        read_dataset(tmp_path / "x.csv", None, {}, CONFIG)


def test_rows_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("user,item,rating,time\nb,x,5,1600000300\na,x,5,1600000000\nb,x,5,1600000100\n")
    dataset = read_dataset(tmp_path / "x.csv", None, {}, CONFIG)
    assert dataset.interactions["user_id"].tolist() == ["b", "a", "b"]
    assert dataset.interactions["timestamp"].is_monotonic_increasing is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "no column user_id.*--user-column"),
        ("user,item\n", "no usable"),
        ("user,item,rating\na,b,good\n", "not a number"),
        (
            "user,item,rating,when\na,b,5,soon\n",
            "column timestamp is there, but none of its 1 values could be read.*soon",
        ),
        ("user,item,rating\na,b,10\n", "values run from 10 to 10"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_dataset(tmp_path / "x.csv", None, {}, CONFIG)


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", ",", "user,item,stars,at")
    for name in ("value", "timestamp"):
        with pytest.raises(DatasetError, match=f"the column 'wen' for {name}, which is not there"):
            read_dataset(path, None, {"wen": name}, CONFIG)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="does not exist"):
        read_dataset(tmp_path / "none.csv", None, {}, CONFIG)
    with pytest.raises(DatasetError, match="is not a file"):
        read_dataset(write(tmp_path, "x.csv", ",", "user,item,stars,at"), tmp_path / "none.csv", {}, CONFIG)
