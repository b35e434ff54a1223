"""Data sets are read as they are, and what they lack is said."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from components.adapters.sources.dataset_files import DatasetError, read_dataset

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
    dataset = read_dataset(write(tmp_path, name, separator, header), None, {})
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
    dataset = read_dataset(tmp_path / "t.parquet", None, {"user_id": "who", "item_id": "what"})
    assert dataset.interactions["user_id"].tolist() == ["a", "b"]
    assert (dataset.has_values, dataset.has_times) == (False, False)
    assert [note.split(":")[0] for note in dataset.missing] == ["no values", "no times", "no items file"]


def test_films_bring_titles_and_genres(tmp_path: Path) -> None:
    (tmp_path / "movies.dat").write_text("i1::Heat (1995)::Crime|Drama\n", encoding="latin-1")
    items = read_dataset(write(tmp_path, "ratings.dat", "::", None), tmp_path / "movies.dat", {}).items
    assert items[["item_id", "title", "tags"]].to_numpy().tolist() == [
        ["i1", "Heat (1995)", "Crime|Drama"],
        ["i2", "", ""],
    ]


def test_u_item_names_its_genres(tmp_path: Path) -> None:
    (tmp_path / "u.genre").write_text("unknown|0\nAction|1\nDrama|2\n")
    (tmp_path / "u.item").write_text("i1|Amélie (2001)|||url|0|1|1\n", encoding="latin-1")
    items = read_dataset(write(tmp_path, "u.data", "\t", None), tmp_path / "u.item", {}).items
    assert items.iloc[0][["title", "tags"]].tolist() == ["Amélie (2001)", "Action|Drama"]


def test_incomplete_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("user,item,rating\na,x,5\n,x,4\nb,y,\n")
    dataset = read_dataset(tmp_path / "x.csv", None, {})
    assert dataset.interactions["user_id"].tolist() == ["a"]
    assert any(note.startswith("2 of 3 interactions") for note in dataset.missing)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "no column user_id.*--user-column"),
        ("user,item\n", "no usable"),
        ("user,item,rating\na,b,good\n", "not numbers"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_dataset(tmp_path / "x.csv", None, {})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a file"):
        read_dataset(tmp_path / "none.csv", None, {})
