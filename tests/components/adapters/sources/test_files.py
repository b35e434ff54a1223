from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from benchmarks.stated_params import stated
from components.adapters.sources.files import FileSource
from components.config.ingest import IngestConfig
from components.interactions.screening import Screened, screen
from components.interactions.source import SourceError

CONFIG = stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0, implicit_value=5.0)
RATINGS = pd.DataFrame({"userId": [1, 2], "movieId": [10, 20], "rating": [4.0, 3.5], "when": [1260759144, 1260759145]})
MAPPING = {"userId": "user_id", "movieId": "item_id", "rating": "value", "when": "timestamp"}


def write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if ".tsv" in path.name else ",")
    return path


def read(path: Path) -> Screened:
    return screen(FileSource(path, MAPPING).read(), CONFIG)


@pytest.mark.parametrize("name", ["r.csv", "r.csv.gz", "r.tsv", "r.tsv.gz", "r.parquet", "R.CSV"])
def test_every_format_gives_the_same_interactions(tmp_path: Path, name: str) -> None:
    expected = read(write(RATINGS, tmp_path / "expected.csv"))
    assert len(expected.interactions) == 2
    assert_frame_equal(read(write(RATINGS, tmp_path / name)).interactions, expected.interactions)


def test_a_folder_brings_items_and_users_under_the_same_mapping(tmp_path: Path) -> None:
    write(RATINGS, tmp_path / "interactions.csv")
    write(pd.DataFrame({"movieId": [10, 20, 30], "title": ["Ten", "Twenty", "Thirty"]}), tmp_path / "items.parquet")
    write(pd.DataFrame({"userId": [1, 2], "country": ["FR", "DE"]}), tmp_path / "users.tsv")
    result = read(tmp_path)
    assert result.items["title"].tolist() == ["Ten", "Twenty", "Thirty"]
    assert result.users["country"].tolist() == ["FR", "DE"]


def test_cells_of_text_files_reach_the_quarantine_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("user_id,item_id,value,timestamp\n007,NA,4.50,10\n007,b, 9.0,x\n")
    result = screen(FileSource(path, {}).read(), CONFIG)
    assert result.interactions["item_id"].tolist() == ["NA"]
    cells = result.quarantine[["user_id", "item_id", "value", "timestamp"]]
    assert cells.to_numpy().tolist() == [["007", "b", " 9.0", "x"]]


@pytest.mark.parametrize(
    ("text", "mapping", "words"),
    [
        ("wer,item_id,value,timestamp\n", {}, ["r.csv: no column user_id", "wer, item_id", "mapping="]),
        ("user_id,item_id,value,timestamp\n", {"usr": "user_id"}, ["r.csv: mapping names", "'usr'"]),
        ("user_id,u,item_id,value,timestamp\n", {"u": "user_id"}, ["r.csv: more than one column", "'user_id'"]),
        ("user_id,item_id,value,timestamp\n1,2,3,4,5\n", {}, ["r.csv cannot be read"]),
        ("", {}, ["r.csv cannot be read"]),
    ],
)
def test_a_file_that_cannot_be_taken_is_named_with_what_is_wrong(
    tmp_path: Path, text: str, mapping: dict[str, str], words: list[str]
) -> None:
    path = tmp_path / "r.csv"
    path.write_text(text)
    with pytest.raises(SourceError) as caught:
        FileSource(path, mapping).read()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_missing_path_an_unknown_format_and_a_folder_without_interactions_are_errors(tmp_path: Path) -> None:
    (tmp_path / "r.doc").write_text("")
    for path, words in (
        (tmp_path / "none.csv", r"none\.csv does not exist"),
        (tmp_path / "r.doc", r"r\.doc is none of \.csv"),
        (tmp_path, "has no interactions file"),
    ):
        with pytest.raises(SourceError, match=words):
            FileSource(path, {}).read()


def test_two_files_for_one_table_are_an_error(tmp_path: Path) -> None:
    for name in ("interactions.csv", "interactions.parquet"):
        write(RATINGS, tmp_path / name)
    with pytest.raises(SourceError, match=r"holds interactions\.csv and interactions\.parquet"):
        FileSource(tmp_path, MAPPING).read()


@pytest.mark.parametrize("packing", ["", ".gz"])
def test_a_folder_as_movielens_100k_comes_brings_films_with_genres_and_people(tmp_path: Path, packing: str) -> None:
    files = {
        "README": "SUMMARY\n",
        "u.data": "1\t10\t4\t881250949\n2\t20\t3\t891717742\n",
        "u.genre": "unknown|0\nAction|1\n",
        "u.info": "2 users\n2 items\n",
        "u.item": "10|Amélie (2001)|01-Jan-2001||url|0|1\n20|Ran (1985)|01-Jan-1985||url|1|0\n",
        "u.user": "1|24|M|technician|85711\n2|53|F|other|T8H1N\n",
        "u1.base": "1\t10\t4\t881250949\n",
        "u1.test": "2\t20\t3\t891717742\n",
    }
    for name, text in files.items():
        packed = name in ("u.data", "u.item", "u.user") and packing
        data = text.encode("latin-1")
        (tmp_path / f"{name}{packing if packed else ''}").write_bytes(gzip.compress(data) if packed else data)
    result = screen(FileSource(tmp_path, {}).read(), CONFIG)
    assert result.interactions[["user_id", "item_id", "value"]].to_numpy().tolist() == [["1", "10", 4], ["2", "20", 3]]
    assert result.items[["title", "tags"]].to_numpy().tolist() == [
        ["Amélie (2001)", "Action"],
        ["Ran (1985)", "unknown"],
    ]
    assert result.users.columns.tolist() == ["user_id", "age", "gender", "occupation", "zip"]
    assert result.users.to_numpy().tolist()[1] == ["2", "53", "F", "other", "T8H1N"]
    assert not result.quarantine.size


def test_a_folder_as_movielens_1m_comes_brings_films_with_genres_and_people(tmp_path: Path) -> None:
    (tmp_path / "ratings.dat").write_text("1::10::4::978300760\n2::20::3::978302109\n")
    (tmp_path / "movies.dat").write_text("10::Amélie (2001)::Comedy|Romance\n20::Ran (1985)::War\n", encoding="latin-1")
    (tmp_path / "users.dat").write_text("1::F::1::10::48067\n2::M::56::16::70072\n")
    result = screen(FileSource(tmp_path, {}).read(), CONFIG)
    assert result.interactions["item_id"].tolist() == ["10", "20"]
    assert result.items[["title", "tags"]].to_numpy().tolist() == [
        ["Amélie (2001)", "Comedy|Romance"],
        ["Ran (1985)", "War"],
    ]
    assert result.users["gender"].tolist() == ["F", "M"]


def test_a_table_of_its_own_name_is_taken_before_one_of_movielens(tmp_path: Path) -> None:
    write(RATINGS, tmp_path / "interactions.csv")
    (tmp_path / "u.data").write_text("7\t70\t4\t881250949\n")
    assert read(tmp_path).interactions["user_id"].tolist() == ["1", "2"]
