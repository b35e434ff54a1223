"""Public data sets of four shapes are taken with one line of parameters, which a check without it proposes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from components.adapters.dvc.data_registry import VersionAdded
from components.adapters.sources.dataset_files import read_dataset
from jobs.data.check import check_source
from jobs.data.ingest import IngestRequest, run_ingest, with_options
from jobs.wiring.workbench import Workbench
from tests.ingest_worlds import PARAMS, settings_in
from tests.public_shapes import ITEMS, SHAPES, USERS, invoice_rows


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(settings_in(tmp_path / "home"), PARAMS)


@pytest.mark.parametrize("name", SHAPES)
def test_a_check_without_parameters_refuses_and_proposes_those_that_mend_it(
    name: str, bench: Workbench, tmp_path: Path
) -> None:
    found = check_source(bench, IngestRequest(str(SHAPES[name].write(tmp_path).source)))
    assert found.refused is not None
    for line in SHAPES[name].mends:
        assert any(line in suggestion for suggestion in found.suggestions), found.suggestions


@pytest.mark.parametrize("name", SHAPES)
def test_with_its_line_every_row_has_its_place_and_ingest_and_benchmark_have_all_users_and_items(
    name: str, bench: Workbench, tmp_path: Path
) -> None:
    shape = SHAPES[name]
    written = shape.write(tmp_path)
    request = IngestRequest(str(written.source), mapping=shape.mapping, options=shape.options)
    found = check_source(bench, request)
    table = found.tables["interactions"]
    assert found.refused is None
    assert (table.rows, table.kept, found.users, found.items) == (written.rows, written.kept, USERS, ITEMS)
    assert table.rows == table.kept + table.merged + sum(table.bad.values())
    read = read_dataset(written.source, None, shape.mapping, with_options(PARAMS.ingest, shape.options))
    assert (len(read.interactions), read.interactions["user_id"].nunique()) == (written.kept, USERS)
    assert len(read.items) == ITEMS
    made = run_ingest(bench, request, lambda _: None)
    assert isinstance(made, VersionAdded)
    bench.data.get(made.version.tag, tmp_path / "version")
    rows, items = (pd.read_parquet(tmp_path / "version" / f"{each}.parquet") for each in ("interactions", "items"))
    assert len(rows) == written.kept
    assert set(rows["user_id"]) == {shape.user(user) for user in range(USERS)}
    assert set(items["item_id"]) == {shape.item_id(item) for item in range(ITEMS)}


def test_quotes_accents_and_delimiters_in_titles_are_read_as_they_are_meant(bench: Workbench, tmp_path: Path) -> None:
    shape = SHAPES["book ratings"]
    source = shape.write(tmp_path).source
    config = with_options(PARAMS.ingest, shape.options)
    read = read_dataset(source / "BX-Book-Ratings.csv", source / "BX-Books.csv", {}, config)
    titles = read.items.set_index("item_id")["title"]
    assert titles[shape.item_id(0)] == 'La "Grande" Révolution 0'
    assert titles[shape.item_id(1)] == "Café; und so weiter 1"


def test_a_workbook_of_invoices_gives_what_its_csv_gives(bench: Workbench, tmp_path: Path) -> None:
    shape = SHAPES["shop invoices"]
    book = openpyxl.Workbook()
    header, *rows = invoice_rows()
    book.active.append(header)
    for row in rows:
        cells = [int(row[0]) if row[0].isdigit() else row[0], *row[1:3], int(row[3])]
        moment = pd.to_datetime(row[4], format="%d/%m/%Y %H:%M").to_pydatetime()
        book.active.append([*cells, moment, float(row[5]), float(row[6]) if row[6] else None, row[7]])
    book.save(tmp_path / "online-retail.xlsx")
    requests = [
        IngestRequest(str(source), mapping=shape.mapping, options=shape.options)
        for source in (tmp_path / "online-retail.xlsx", shape.write(tmp_path).source)
    ]
    sheet, text = (check_source(bench, request) for request in requests)
    assert sheet.refused is None
    described = [
        (
            each.time,
            each.users,
            each.items,
            dataclasses.replace(each.tables["interactions"], read_as="", notes=(), examples={}),
        )
        for each in (sheet, text)
    ]
    assert described[0] == described[1]
