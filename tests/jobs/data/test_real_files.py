"""Each kind of real people's files is read right or refused by name, and the benchmark reads what ingest reads."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.adapters.sources.dataset_files import DatasetError, read_dataset
from components.interactions.data_check import DataCheck
from jobs.data.check import check_source
from jobs.data.ingest import IngestRequest, with_options
from jobs.wiring.workbench import Workbench
from tests.ingest_worlds import PARAMS, settings_in

ROWS = 60


@dataclass(frozen=True)
class Kind:
    """A kind of file: how it is written into a folder, and what must come of it."""

    write: Callable[[Path], Path]
    kept: int
    users: int
    items: int
    merged: int = 0
    bad: dict[str, int] = field(default_factory=dict)
    refused: str | None = None
    first: str | None = "2019-01-01"
    mapping: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def log(**columns: Any) -> pd.DataFrame:
    """60 ratings of 6 users and 10 items, an hour apart from 2019 on; `columns` replaces some, None drops one."""
    rows = range(ROWS)
    frame = {
        "user_id": [f"u{row % 6}" for row in rows],
        "item_id": [f"i{row % 10}" for row in rows],
        "value": [1 + row % 5 for row in rows],
        "timestamp": [1546300800 + 3600 * row for row in rows],
    }
    return pd.DataFrame({name: value for name, value in {**frame, **columns}.items() if value is not None})


def times(pattern: str) -> list[str]:
    return [moment.strftime(pattern) for moment in pd.date_range("2019-01-01", periods=ROWS, freq="D")]


def csv(frame: pd.DataFrame, name: str = "interactions.csv", **how: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        frame.to_csv(folder / name, index=False, **how)
        return folder / name

    return write


def parquet(frame: pd.DataFrame, index: bool = False) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        frame.to_parquet(folder / "interactions.parquet", index=index or None)
        return folder / "interactions.parquet"

    return write


def text(content: str | bytes, name: str = "interactions.csv") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return folder / name

    return write


def _cells() -> list[list[Any]]:
    """The header and the rows of a sheet."""
    return [[*log().columns], *(list(row) for row in log().astype(object).to_numpy().tolist())]


def _workbook(folder: Path, sheets: dict[str, list[list[Any]]], *merged: str) -> Path:
    """A workbook, in the first sheet of which some cells are merged."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    for cells in merged:
        book.worksheets[0].merge_cells(cells)
    book.save(folder / "interactions.xlsx")
    return folder / "interactions.xlsx"


def _bytes_as_ids(path: Path) -> Path:
    table = pa.Table.from_pandas(log(), preserve_index=False)
    ids = pa.array([bytes([row % 6]) * 16 for row in range(ROWS)], pa.binary(16))
    pq.write_table(table.set_column(0, "user_id", ids), path)
    return path


WHOLE = {"kept": ROWS, "users": 6, "items": 10}
WHOLE_THE_DAY_BEFORE = {**WHOLE, "first": "2018-12-31"}
LONE_QUOTES = log(title=['"Twelve inch' if row % 10 in (2, 7) else f"T{row % 10}" for row in range(ROWS)])
DAY = 1546300800
PAIRS = "".join(f"u{row % 6},i{row % 10}\n" for row in range(ROWS))
CSV = log().to_csv(index=False).encode()

KINDS: dict[str, Kind] = {
    "lone quotes in a tab-separated file": Kind(
        text("\n".join("\t".join(map(str, row)) for row in [LONE_QUOTES.columns, *LONE_QUOTES.to_numpy()])), **WHOLE
    ),
    "YYYYMMDD": Kind(csv(log(timestamp=times("%Y%m%d"))), **WHOLE),
    "days of a spreadsheet": Kind(csv(log(timestamp=[43466.25 + row for row in range(ROWS)])), **WHOLE),
    "years alone": Kind(csv(log(timestamp=[1990 + row % 30 for row in range(ROWS)])), 0, 0, 0, refused="year alone"),
    "zone zero by name": Kind(csv(log(timestamp=times("%Y-%m-%d %H:%M:%S UTC"))), **WHOLE),
    "zone zero twice": Kind(csv(log(timestamp=times("%Y-%m-%d %H:%M:%S +0000 UTC"))), **WHOLE),
    "another zone by name": Kind(csv(log(timestamp=times("%Y-%m-%d %H:%M:%S CET"))), 0, 0, 0, refused="zone name"),
    "month first": Kind(csv(log(timestamp=times("%m/%d/%Y %H:%M"))), **WHOLE),
    "day first": Kind(csv(log(timestamp=times("%d.%m.%Y"))), **WHOLE),
    "day or month first": Kind(
        csv(log(timestamp=[f"{1 + row % 12}/{1 + row // 12}/2019" for row in range(ROWS)])),
        0,
        0,
        0,
        refused="day_first",
    ),
    "day or month first, once said": Kind(
        csv(log(timestamp=[f"{1 + row % 12}/{1 + row // 12}/2019" for row in range(ROWS)])),
        **WHOLE,
        options={"day_first": True},
    ),
    "milliseconds": Kind(csv(log(timestamp=[1546300800000 + row for row in range(ROWS)])), **WHOLE),
    "times that nobody can read": Kind(
        csv(log(timestamp=["soon"] * ROWS)), 0, 0, 0, refused="none of its 60 values could be read"
    ),
    "an offset by the hour": Kind(csv(log(timestamp=times("%Y-%m-%d %H:%M:%S UTC+2"))), **WHOLE_THE_DAY_BEFORE),
    "an offset and the name of its zone": Kind(
        csv(log(timestamp=times("%Y-%m-%dT%H:%M:%S+01:00[Europe/Paris]"))), **WHOLE_THE_DAY_BEFORE
    ),
    "as JavaScript writes times": Kind(
        csv(log(timestamp=times("%a %b %d %Y %H:%M:%S GMT+0100 (Central European Time)"))), **WHOLE_THE_DAY_BEFORE
    ),
    "days of the week": Kind(csv(log(timestamp=times("%A %H:%M"))), 0, 0, 0, refused="none of its 60 values"),
    "YYYYMM": Kind(csv(log(timestamp=[f"2019{1 + row % 12:02}" for row in range(ROWS)])), **WHOLE),
    "days of a spreadsheet with decimal commas": Kind(
        csv(log(timestamp=[f"{43466 + row},25" for row in range(ROWS)]), sep=";"), **WHOLE
    ),
    "true and false as values": Kind(
        csv(log(value=["True", "False"] * 30)), **WHOLE, options={"values": "ratings", "source_range": [0, 1]}
    ),
    "views without a value, as a database writes that": Kind(
        csv(log(type=["view", "rating"] * 30, value=["NULL", 4] * 30)), **WHOLE
    ),
    "no users, as a database writes that": Kind(
        csv(log(user_id=[r"\N", *"uvwxy"] * 10)), 0, 0, 0, refused="10 × null user_id"
    ),
    "no users, left out": Kind(
        csv(log(user_id=[r"\N", *"uvwxy"] * 10)),
        50,
        5,
        10,
        bad={"left out by the filter user_id ~ .": 10},
        options={"filters": ["user_id ~ ."]},
    ),
    "lists as ids": Kind(
        parquet(log(item_id=[["a", "b"]] * ROWS)), 0, 0, 0, refused="item_id is a list; write a row for each"
    ),
    "lists that nobody asked for": Kind(parquet(log(more=[["a", "b"]] * ROWS)), **WHOLE),
    "JSON lines with objects in objects": Kind(
        text(
            "\n".join(
                json.dumps(
                    {"user": {"id": row["user_id"], "more": [1]}, "item": {"id": row["item_id"]}, "ts": 1546300800}
                )
                for row in log().to_dict("records")
            ),
            "interactions.jsonl",
        ),
        kept=30,
        users=6,
        items=10,
        merged=30,
    ),
    "JSON lines with types beside values": Kind(
        text(
            "\n".join(
                json.dumps(
                    {**row, "user_id": {"$oid": row["user_id"]}, "timestamp": {"$date": {"$numberLong": str(ms)}}}
                )
                for row, ms in zip(log().to_dict("records"), range(1546300800000, 1546300800060), strict=True)
            ),
            "interactions.jsonl",
        ),
        **WHOLE,
    ),
    "JSON lines with NaN": Kind(
        text(
            "\n".join(
                json.dumps({**row, "value": 4 if place % 2 else float("nan"), "type": "view"})
                for place, row in enumerate(log().to_dict("records"))
            ),
            "interactions.jsonl",
        ),
        **WHOLE,
    ),
    "JSON lines by another name": Kind(
        text("\n".join(json.dumps(row) for row in log().to_dict("records")), "interactions.csv"), **WHOLE
    ),
    "no times": Kind(csv(log(timestamp=None)), kept=30, users=6, items=10, merged=30, first=None),
    "widened ids": Kind(csv(log(user_id=[float(row % 6) for row in range(ROWS)])), **WHOLE),
    "widened ids beside whole ones": Kind(
        csv(log(user_id=[f"{row % 6}" + (".0" if row % 2 else "") for row in range(ROWS)])), **WHOLE
    ),
    "words for nothing as ids": Kind(
        csv(log(user_id=["NA", "null", "n/a", "None", "", "x"] * 10)),
        0,
        0,
        0,
        refused="20 × null user_id",
    ),
    "NA as an id": Kind(csv(log(user_id=["NA", "null", "u2", "u3", "u4", "u5"] * 10)), **WHOLE),
    "blanks around ids": Kind(csv(log(user_id=["u1", "u1 ", " u1", "U1", "u2", "u2\u00a0"] * 10)), ROWS, 3, 10),
    "ids that floats have rounded": Kind(
        parquet(log(item_id=[1e16 + 2 * (row % 10) for row in range(ROWS)])), 0, 0, 0, refused="rounded"
    ),
    "ids that a spreadsheet has rounded": Kind(
        csv(log(user_id=["1.23457E+12"] * ROWS)), 0, 0, 0, refused="rounded by a spreadsheet"
    ),
    "integers beside gaps": Kind(
        parquet(log(user_id=pd.array([2**60 + row % 6 if row else None for row in range(ROWS)], "Int64"))),
        59,
        6,
        10,
        bad={"null user_id": 1},
        options={"max_bad_share": 0.1},
        first="2019-01-01",
    ),
    "lists, decimals, categories, zones": Kind(
        parquet(
            log(
                user_id=pd.Categorical([f"u{row % 6}" for row in range(ROWS)]),
                value=[Decimal("4.50")] * ROWS,
                tags=[["Action", "Comedy"]] * ROWS,
                timestamp=pd.date_range("2019-01-01 01:00", periods=ROWS, freq="h", tz="Europe/Madrid"),
            )
        ),
        **WHOLE,
    ),
    "an index with a name": Kind(parquet(log().set_index("user_id"), index=True), **WHOLE),
    "levels of an index": Kind(parquet(log().set_index(["user_id", "item_id"]), index=True), **WHOLE),
    "ratings from 1 to 10": Kind(
        csv(log(value=[1 + row % 10 for row in range(ROWS)])), 0, 0, 0, refused='"min_value": 1, "max_value": 10'
    ),
    "ratings from 1 to 10, stretched": Kind(
        csv(log(value=[1 + row % 10 for row in range(ROWS)])), **WHOLE, options={"values": "ratings"}
    ),
    "counts": Kind(csv(log(value=[7 * row + 1 for row in range(ROWS)])), **WHOLE, options={"values": "counts"}),
    "an order with one product twice": Kind(
        csv(pd.concat([log(), log().head(9)])), kept=ROWS, users=6, items=10, merged=9
    ),
    "views without and ratings with a value": Kind(
        csv(
            log(
                type=["rating" if row % 3 else "view" for row in range(ROWS)],
                value=[4 if row % 3 else None for row in range(ROWS)],
            )
        ),
        **WHOLE,
    ),
    "decimal commas": Kind(csv(log(value=["4,5"] * ROWS), sep=";"), **WHOLE),
    "prices as people write them": Kind(csv(log(price=["$12.99", "1,299.00", "12,99", "-", "", "3"] * 10)), **WHOLE),
    "names that the world uses": Kind(
        csv(log().rename(columns={"user_id": "userId", "item_id": "movieId", "value": "Rating", "timestamp": "ts"})),
        **WHOLE,
    ),
    "a mistyped column": Kind(csv(log()), 0, 0, 0, refused="'wen'", mapping={"wen": "timestamp"}),
    "columns that nobody knows": Kind(
        csv(log().rename(columns={"user_id": "wer", "item_id": "was"})), 0, 0, 0, refused="mapping="
    ),
    "Latin-1, semicolons, everything quoted": Kind(
        csv(log(user_id=[f"é{row % 6}" for row in range(ROWS)]), sep=";", encoding="latin-1", quoting=1), **WHOLE
    ),
    "UTF-16": Kind(csv(log(), encoding="utf-16", sep="\t"), **WHOLE),
    "a byte order mark": Kind(csv(log(), encoding="utf-8-sig"), **WHOLE),
    "gzip": Kind(text(gzip.compress(CSV), "interactions.csv.gz"), **WHOLE),
    "zstandard": Kind(text(pa.compress(CSV, "zstd", asbytes=True), "interactions.csv.zst"), **WHOLE),
    "gzip, cut off": Kind(
        text(gzip.compress(CSV)[:-20], "interactions.csv.gz"),
        0,
        0,
        0,
        refused="the file ends too early.*fetch it again",
    ),
    "gzip, damaged": Kind(
        text(gzip.compress(CSV)[:60] + b"damage" + gzip.compress(CSV)[66:], "interactions.csv.gz"),
        0,
        0,
        0,
        refused="the file is damaged.*fetch it again",
    ),
    "gzip by name alone": Kind(text(CSV, "interactions.csv.gz"), 0, 0, 0, refused="its bytes are not"),
    "Parquet, cut off": Kind(text(b"PAR1" + b"x" * 99, "interactions.parquet"), 0, 0, 0, refused="damaged or cut off"),
    "JSON lines": Kind(
        text("\n".join(json.dumps(row) for row in log().to_dict("records")), "interactions.jsonl"), **WHOLE
    ),
    "JSON": Kind(text(json.dumps(log().to_dict("records")), "interactions.json"), **WHOLE),
    "JSON by columns": Kind(text(log().to_json(), "interactions.json"), **WHOLE),
    "JSON lines, one broken": Kind(
        text("\n".join([*(json.dumps(row) for row in log().to_dict("records")), '{"user_id"']), "interactions.jsonl"),
        **WHOLE,
        bad={"the line is no JSON object": 1},
        options={"max_bad_share": 0.1},
    ),
    "JSON, cut off": Kind(
        text(json.dumps(log().to_dict("records"))[:-9], "interactions.json"), 0, 0, 0, refused="breaks off"
    ),
    "the header again in the middle": Kind(
        text(CSV + CSV.splitlines(keepends=True)[0]),
        **WHOLE,
        bad={"the row repeats the header": 1},
        options={"max_bad_share": 0.1},
    ),
    "the header again among nothing but words": Kind(
        text("user_id,item_id\n" + PAIRS + "user_id,item_id\n"),
        kept=30,
        users=6,
        items=10,
        merged=30,
        bad={"the row repeats the header": 1},
        options={"max_bad_share": 0.1},
        first=None,
    ),
    "a title and comments before the header": Kind(text(b"# exported 2019, by me\nRatings\n\n" + CSV), **WHOLE),
    "no header, and words alone": Kind(
        text(PAIRS),
        kept=30,
        users=6,
        items=10,
        merged=30,
        mapping={"1": "user_id", "2": "item_id"},
        first=None,
    ),
    "single quotes": Kind(
        text(
            "user_id,item_id,title,ts\n" + "".join(f"'u{n % 6}','i{n % 10}','A, B''s',{DAY + n}\n" for n in range(ROWS))
        ),
        **WHOLE,
    ),
    "blanks before quotes": Kind(
        text(
            '"user_id", "item_id", "title", "ts"\n'
            + "".join(f'"u{n % 6}", "i{n % 10}", "A, B", "{DAY + n}"\n' for n in range(ROWS))
        ),
        **WHOLE,
    ),
    "blanks between cells": Kind(
        text("\n".join(f"u{n % 6}  i{n % 10} 4   {DAY + n}" for n in range(ROWS))), 0, 0, 0, refused="mapping="
    ),
    "blanks between cells, with names": Kind(text(CSV.replace(b",", b" ")), **WHOLE),
    "carets between cells": Kind(text(CSV.replace(b",", b"^")), **WHOLE),
    "what Hive writes between cells": Kind(text(CSV.replace(b",", b"\x01")), **WHOLE),
    "packed twice": Kind(text(gzip.compress(gzip.compress(CSV)), "interactions.csv.gz"), **WHOLE),
    "a web page": Kind(text("<!DOCTYPE html><p>Sorry, not found, a, b"), 0, 0, 0, refused="a web page"),
    "Parquet by name alone": Kind(text(CSV, "interactions.parquet"), 0, 0, 0, refused="no Parquet file"),
    "values in words": Kind(csv(log(value=["5 stars"] * ROWS)), 0, 0, 0, refused="values such as '5 stars'"),
    "values that are all missing": Kind(csv(log(value=None, rating="")), 0, 0, 0, refused="have no value"),
    "numbers with thousands apart as ids": Kind(
        csv(log(user_id=[f"{12000 + row % 6:,}" for row in range(ROWS)])), **WHOLE
    ),
    "ids that spreadsheets keep as text": Kind(
        text(CSV.decode().replace("u0,", '="007",'), "interactions.csv"), **WHOLE
    ),
    "marks that nobody sees around ids": Kind(
        csv(log(user_id=[f"\u200bu{row % 6}" if row % 4 else f"u{row % 6}\ufeff" for row in range(ROWS)])), **WHOLE
    ),
    "UUIDs as bytes": Kind(lambda folder: _bytes_as_ids(folder / "interactions.parquet"), **WHOLE),
    "times that a spreadsheet has rounded": Kind(
        csv(log(timestamp=["1.54630E+12"] * ROWS)), 0, 0, 0, refused="export the column of times as text"
    ),
    "the clock of Windows": Kind(
        csv(log(timestamp=[10**7 * (11_644_473_600 + DAY + 3600 * row) for row in range(ROWS)])), **WHOLE
    ),
    "the clock of .NET": Kind(
        csv(log(timestamp=[10**7 * (62_135_596_800 + DAY + 3600 * row) for row in range(ROWS)])), **WHOLE
    ),
    "the clock of browsers": Kind(
        csv(log(timestamp=[10**6 * (11_644_473_600 + DAY + 3600 * row) for row in range(ROWS)])), **WHOLE
    ),
    "times of web servers": Kind(csv(log(timestamp=times("[%d/%b/%Y:%H:%M:%S +0000]"))), **WHOLE),
    "a decimal comma in seconds": Kind(csv(log(timestamp=times("%Y-%m-%d %H:%M:%S,123")), sep=";"), **WHOLE),
    "points in the time of day": Kind(csv(log(timestamp=times("%d.%m.%Y %H.%M"))), **WHOLE),
    "offsets without a colon": Kind(csv(log(timestamp=times("%Y-%m-%dT%H:%M:%S+0530"))), **WHOLE_THE_DAY_BEFORE),
    "day and time of day in two columns": Kind(
        csv(log(timestamp=None, date=times("%d/%m/%Y"), time=[f"{row % 24:02}:30" for row in range(ROWS)])), **WHOLE
    ),
    "times of day without a day": Kind(
        csv(log(timestamp=times("%H:%M"))), 0, 0, 0, refused='name the column with the day "date"'
    ),
    "a byte order mark in the middle": Kind(
        text(b"\xef\xbb\xbf" + CSV + b"\xef\xbb\xbf" + CSV.splitlines(keepends=True)[0]),
        **WHOLE,
        bad={"the row repeats the header": 1},
        options={"max_bad_share": 0.1},
    ),
    "newlines of three systems": Kind(
        text(b"".join(line + [b"\n", b"\r\n", b"\r"][n % 3] for n, line in enumerate(CSV.splitlines()))), **WHOLE
    ),
    "NULs in a row": Kind(
        text(CSV.replace(b"u1,", b"u\x001,", 1)),
        59,
        6,
        10,
        bad={"user_id holds control characters": 1},
        options={"max_bad_share": 0.1},
    ),
    "delimiters escaped where nothing is quoted": Kind(
        csv(log(title=["One, two" if row % 2 else "One" for row in range(ROWS)]), quoting=3, escapechar="\\"), **WHOLE
    ),
    "JSON lines as Python writes them": Kind(
        text("\n".join(repr(row) for row in log().to_dict("records")), "interactions.json"), **WHOLE
    ),
    "JSON lines with a comma behind each": Kind(
        text(",\n".join(json.dumps(row) for row in log().to_dict("records")), "interactions.jsonl"), **WHOLE
    ),
    "JSON lines after a byte order mark": Kind(
        text("\ufeff" + "\n".join(json.dumps(row) for row in log().to_dict("records")), "interactions.jsonl"), **WHOLE
    ),
    "JSON objects one after another": Kind(
        text("".join(json.dumps(row) for row in log().to_dict("records")), "interactions.json"), **WHOLE
    ),
    "JSON objects over several lines": Kind(
        text("\n".join(json.dumps(row, indent=1) for row in log().to_dict("records")), "interactions.json"), **WHOLE
    ),
    "JSON objects of users with a list of what each did": Kind(
        text(
            "\n".join(
                json.dumps(
                    {"user_id": user, "country": "DE", "events": rows.drop(columns="user_id").to_dict("records")}
                )
                for user, rows in log().groupby("user_id")
            ),
            "interactions.jsonl",
        ),
        **WHOLE,
    ),
    "a sheet with a title in merged cells": Kind(
        lambda folder: _workbook(folder, {"Sheet": [["Sales 2019"], [], *_cells()]}, "A1:D1"), **WHOLE
    ),
    "a table in the second sheet": Kind(
        lambda folder: _workbook(folder, {"Notes": [["Read me"]], "Data": _cells()}), **WHOLE
    ),
    "users in merged cells": Kind(
        lambda folder: _workbook(
            folder,
            {
                "Sheet": [
                    _cells()[0],
                    *([None if n % 2 else f"u{n // 2 % 6}", *row[1:]] for n, row in enumerate(_cells()[1:])),
                ]
            },
            *(f"A{2 + 2 * pair}:A{3 + 2 * pair}" for pair in range(ROWS // 2)),
        ),
        **WHOLE,
    ),
    "a column for each item": Kind(
        text("user_id," + ",".join(f"i{n}" for n in range(10)) + "\n" + "u1,1,2,3,4,5,1,2,3,4,5\n" * 9),
        0,
        0,
        0,
        refused="a row for each pair of user and item",
    ),
    "values of which nothing tells thousands": Kind(
        csv(log(value=["1,500"] * ROWS)), 0, 0, 0, refused="nothing says whether 1,500 is one or a thousand"
    ),
    "a pointer of Git LFS": Kind(
        text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"), 0, 0, 0, refused="git lfs pull"
    ),
    "a database by another name": Kind(text(b"SQLite format 3\x00" + b"\x00" * 99), 0, 0, 0, refused="source=sql"),
    "a PDF by another name": Kind(text(b"%PDF-1.7\n1,2"), 0, 0, 0, refused="a PDF"),
    "an error of a bucket": Kind(
        text('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), 0, 0, 0, refused="what a server says"
    ),
    "bytes of no text": Kind(text(bytes(range(256)) * 9), 0, 0, 0, refused="no text"),
    "a row too wide": Kind(
        text(CSV + b"u1,i1,4,1546300800,more\n"),
        **WHOLE,
        bad={"the row has another number of cells than the header": 1},
        options={"max_bad_share": 0.1},
    ),
}


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(settings_in(tmp_path / "home"), PARAMS)


def checked(bench: Workbench, path: Path | str, kind: Kind) -> DataCheck:
    return check_source(bench, IngestRequest(str(path), mapping=kind.mapping, options=kind.options))


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_file_is_read_right_or_refused_by_name_and_the_benchmark_agrees(
    name: str, bench: Workbench, tmp_path: Path
) -> None:
    kind = KINDS[name]
    path = kind.write(tmp_path)
    found = checked(bench, path, kind)
    config = with_options(bench.params.ingest, kind.options)
    if kind.refused is not None:
        assert found.refused is not None
        assert pd.Series([found.refused]).str.contains(kind.refused)[0] or kind.refused in found.refused, found.refused
        with pytest.raises(DatasetError):
            read_dataset(path, None, kind.mapping, config)
        return
    assert found.refused is None
    table = found.tables["interactions"]
    assert (table.kept, table.merged, dict(table.bad)) == (kind.kept, kind.merged, kind.bad)
    assert table.rows == table.kept + table.merged + sum(table.bad.values())
    assert (found.users, found.items) == (kind.users, kind.items)
    assert (None if found.time is None else str(found.time[0].date())) == kind.first
    dataset = read_dataset(path, None, kind.mapping, config)
    users = dataset.interactions["user_id"].nunique()
    assert (len(dataset.interactions), users, len(dataset.items)) == (kind.kept, kind.users, kind.items)


def test_every_format_gives_the_same_rows(bench: Workbench, tmp_path: Path) -> None:
    expected = None
    for number, name in enumerate(("lone quotes in a tab-separated file", "gzip", "JSON lines", "JSON", "UTF-16")):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = checked(bench, KINDS[name].write(folder), KINDS[name])
        assert expected in (None, (found.users, found.items, found.time, found.values))
        expected = (found.users, found.items, found.time, found.values)


def folder_of(path: Path, **tables: pd.DataFrame) -> Path:
    path.mkdir()
    for name, frame in tables.items():
        frame.to_csv(path / f"{name}.csv", index=False)
    return path


def test_a_folder_whose_tables_call_different_things_id_needs_no_mapping_and_takes_one_by_table(
    bench: Workbench, tmp_path: Path
) -> None:
    events = log().rename(columns={"user_id": "user", "item_id": "item", "timestamp": "ts"})
    events.insert(0, "id", range(ROWS))
    items = pd.DataFrame({"id": [f"i{n}" for n in range(10)], "name": "T"})
    users = pd.DataFrame({"id": [f"u{n}" for n in range(6)], "name": "N"})
    folder = folder_of(tmp_path / "shop", interactions=events, items=items, users=users)
    mapping = {"items.id": "item_id", "users.id": "user_id", "items.name": "title"}
    for given in ({}, mapping):
        found = check_source(bench, IngestRequest(str(folder), mapping=given))
        assert found.refused is None
        assert found.tables["items"].columns == {"id": "item_id", "name": "title"}
        assert found.tables["users"].columns == {"id": "user_id", "name": "name"}
        assert found.tables["interactions"].columns["id"] is None
        assert (found.tables["interactions"].kept, found.users, found.items) == (ROWS, 6, 10)
        read = read_dataset(folder, None, given, PARAMS.ingest)
        assert (len(read.interactions), read.interactions["user_id"].nunique(), len(read.items)) == (ROWS, 6, 10)


def test_ids_of_two_tables_meet_whatever_type_each_has(bench: Workbench, tmp_path: Path) -> None:
    items = pd.DataFrame({"item_id": range(10), "title": "T"})
    widened = log(item_id=[float(row % 10) for row in range(ROWS)])
    folder = folder_of(tmp_path / "in", interactions=widened, items=items)
    found = check_source(bench, IngestRequest(str(folder)))
    assert (found.refused, found.items) == (None, 10)
    read = read_dataset(folder / "interactions.csv", folder / "items.csv", {}, bench.params.ingest)
    assert (len(read.interactions), len(read.items)) == (ROWS, 10)


@pytest.mark.parametrize("cells", [[["A", "B"]] * 10, ['["A", "B"]'] * 10, ["['A', 'B']"] * 10])
def test_a_list_of_labels_is_labels_and_never_how_python_writes_it(cells: list[Any], tmp_path: Path) -> None:
    items = pd.DataFrame({"item_id": [f"i{n}" for n in range(10)], "title": "T", "tags": cells, "category": cells})
    items.to_parquet(tmp_path / "items.parquet")
    csv(log())(tmp_path)
    read = read_dataset(tmp_path / "interactions.csv", tmp_path / "items.parquet", {}, PARAMS.ingest)
    assert set(read.items["tags"]) == {"A|B"}
    assert set(read.items["category"]) == {"A"}


def test_a_price_that_cannot_be_read_costs_neither_the_item_nor_its_history(bench: Workbench, tmp_path: Path) -> None:
    items = pd.DataFrame(
        {"item_id": [f"i{n}" for n in range(10)], "title": "T", "price": ["$1", "2", "-", ""] + ["x"] * 6}
    )
    found = check_source(bench, IngestRequest(str(folder_of(tmp_path / "in", interactions=log(), items=items))))
    assert (found.refused, found.tables["interactions"].kept, found.tables["items"].kept) == (None, ROWS, 10)
    assert any("8 prices are no numbers" in note and "'$1'" in note for note in found.tables["items"].notes)


def test_partitioned_folders_several_files_zips_and_addresses_are_read(bench: Workbench, tmp_path: Path) -> None:
    log(day=[f"2019-01-0{1 + row % 3}" for row in range(ROWS)]).to_parquet(tmp_path / "lake", partition_cols=["day"])
    parts = folder_of(
        tmp_path / "drops", **{"interactions-2019-01-01": log().head(20), "interactions-2019-01-02": log().tail(40)}
    )
    with zipfile.ZipFile(tmp_path / "shop.zip", "w") as packed:
        packed.writestr("interactions.csv", CSV)
        packed.writestr("items.csv", "item_id,title\n" + "".join(f"i{n},T{n}\n" for n in range(10)))
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/shop/interactions.csv", CSV)
    for source in (tmp_path / "lake", parts, tmp_path / "shop.zip", "memory://shop", "memory://shop/interactions.csv"):
        found = check_source(bench, IngestRequest(str(source)))
        assert found.refused is None, found.refused
        assert (found.tables["interactions"].kept, found.users, found.items) == (ROWS, 6, 10)
        read = read_dataset(str(source), None, {}, PARAMS.ingest)
        assert (len(read.interactions), read.interactions["user_id"].nunique(), len(read.items)) == (ROWS, 6, 10)


def test_a_spreadsheet_is_read_with_its_dates(bench: Workbench, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Interactions"
    frame = log(user_id=[row % 6 for row in range(ROWS)], timestamp=pd.date_range("2019-01-01", periods=ROWS, freq="h"))
    for row in [list(frame.columns), *frame.astype(object).to_numpy().tolist()]:
        sheet.append([cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell for cell in row])
    book.save(tmp_path / "book.xlsx")
    found = check_source(bench, IngestRequest(str(tmp_path / "book.xlsx")))
    assert (found.refused, found.tables["interactions"].kept, found.users, found.items) == (None, ROWS, 6, 10)
    assert found.time is not None
    assert str(found.time[0]) == "2019-01-01 00:00:00+00:00"
    (tmp_path / "cut.xlsx").write_bytes((tmp_path / "book.xlsx").read_bytes()[:-50])
    refused = check_source(bench, IngestRequest(str(tmp_path / "cut.xlsx"))).refused
    assert refused is not None
    assert "damaged or cut off" in refused


def test_weights_of_types_stand_in_the_place_of_values(bench: Workbench, tmp_path: Path) -> None:
    kinds = np.resize(["view", "purchase", "refund"], ROWS)
    csv(log(type=kinds, value=None))(tmp_path)
    weights = {"view": 1.0, "purchase": 5.0, "refund": -5.0}
    found = check_source(bench, IngestRequest(str(tmp_path / "interactions.csv"), options={"weights": weights}))
    assert (found.refused, found.values) == (None, (-5.0, 5.0))


def test_two_tables_that_write_ids_differently_are_shown_side_by_side(bench: Workbench, tmp_path: Path) -> None:
    items = pd.DataFrame({"item_id": range(10), "title": "T"})
    found = check_source(bench, IngestRequest(str(folder_of(tmp_path / "in", interactions=log(), items=items))))
    assert found.refused is not None
    assert "such as 'i0': the items table has ids such as '0'" in found.refused


def test_a_folder_in_a_zip_is_looked_into_and_a_zip_in_a_zip_is_named(bench: Workbench, tmp_path: Path) -> None:
    for name, inner in (("whole.zip", "shop-2019/interactions.csv"), ("packed.zip", "interactions.zip")):
        with zipfile.ZipFile(tmp_path / name, "w") as packed:
            packed.writestr("__MACOSX/._interactions.csv", b"x")
            packed.writestr(inner, CSV)
    found = check_source(bench, IngestRequest(str(tmp_path / "whole.zip")))
    assert (found.refused, found.tables["interactions"].kept) == (None, ROWS)
    refused = check_source(bench, IngestRequest(str(tmp_path / "packed.zip"))).refused
    assert refused is not None
    assert "holds interactions.zip, itself packed; unpack it" in refused


def test_rows_of_any_table_without_an_id_are_left_out_by_the_line_that_is_proposed(
    bench: Workbench, tmp_path: Path
) -> None:
    items = pd.DataFrame({"item_id": [*(f"i{n}" for n in range(10)), ""], "title": "T"})
    source = str(folder_of(tmp_path / "in", interactions=log(), items=items))
    line = '{"filters": ["items.item_id ~ ."]}'
    assert any(line in said for said in check_source(bench, IngestRequest(source)).suggestions)
    mended = check_source(bench, IngestRequest(source, options=json.loads(line)))
    assert (mended.refused, mended.items) == (None, 10)


def test_a_column_of_times_under_a_name_that_nobody_knows_is_proposed(bench: Workbench, tmp_path: Path) -> None:
    csv(log().rename(columns={"timestamp": "wann"}))(tmp_path)
    found = check_source(bench, IngestRequest(str(tmp_path / "interactions.csv")))
    assert any('mapping={"wann": "timestamp"}' in line for line in found.suggestions)
