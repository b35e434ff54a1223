"""Lists of users name the users that an ingest of the same cells knows."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from components.adapters.sources.user_list import read_user_list
from components.interactions.source import SourceError


@pytest.mark.parametrize(
    ("name", "data", "users"),
    [
        ("u.txt", b"b\na\n\nb\n", ["b", "a"]),
        ("u.txt", b"\xef\xbb\xbf  b \r\na\r\n", ["b", "a"]),
        ("u.txt", b"47.0\n48.0\nNA\n", ["47.0", "48.0", "NA"]),
        ("u.txt", b"47.0\n48.0\n", ["47", "48"]),
        ("u.txt", b"Doe, Jane\nRoe, Richard\n", ["Doe, Jane", "Roe, Richard"]),
        ("u.csv", b'user_id\n"b"\na\n', ["b", "a"]),
        ("u.csv", b"userId,country\nb,FR\na,DE\n,IT\n", ["b", "a"]),
        ("u.csv.gz", gzip.compress(b"country;customer_id\nFR;b\nDE;a\n"), ["b", "a"]),
        ("u.jsonl", b'{"user": 1}\n{"user": 2}\n', ["1", "2"]),
        ("u.txt", "é\n".encode("utf-16"), ["é"]),
        ("u.txt", b"", []),
    ],
)
def test_users_come_once_each_in_order(tmp_path: Path, name: str, data: bytes, users: list[str]) -> None:
    (tmp_path / name).write_bytes(data)
    assert read_user_list(tmp_path / name) == users


def test_what_gaps_have_widened_is_whole_again(tmp_path: Path) -> None:
    pd.DataFrame({"user_id": [47.0, None, 48.0]}).to_parquet(tmp_path / "u.parquet")
    assert read_user_list(tmp_path / "u.parquet") == ["47", "48"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("u.txt", "a\n1.23457E+12\n", "row 2 was rounded by a spreadsheet"),
        ("u.jsonl", '{"who": 1}\n', "no column user_id"),
    ],
)
def test_a_list_that_names_nobody_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match=words):
        read_user_list(tmp_path / name)
    with pytest.raises(SourceError, match="does not exist"):
        read_user_list(tmp_path / "none")
