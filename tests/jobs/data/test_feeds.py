"""What a catalogue gains file by file and from a database adds up, and is read once."""

from __future__ import annotations

import csv
import dataclasses
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from components.adapters.dvc.data_registry import NothingChanged, VersionAdded
from components.interactions.data_version import DataManifest
from jobs.data.ingest import IngestRequest, run_ingest
from jobs.wiring.workbench import Workbench
from tests.ingest_worlds import PARAMS, settings_in
from tests.public_shapes import SHAPES, invoice_rows


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(settings_in(tmp_path / "home", source_sql_url=f"sqlite:///{tmp_path / 'shop.db'}"), PARAMS)


def ingested(bench: Workbench, request: IngestRequest) -> DataManifest:
    outcome = run_ingest(bench, request, lambda _: None)
    assert isinstance(outcome, VersionAdded)
    return outcome.version.manifest


def test_files_and_rows_of_a_database_that_follow_are_added_to_one_catalogue(bench: Workbench, tmp_path: Path) -> None:
    header, *rows = invoice_rows()
    shop, bought = tmp_path / "shop", set()
    shop.mkdir()

    def drop(name: str, part: list[list[str]]) -> int:
        with (shop / name).open("w", newline="", encoding="latin-1") as file:
            csv.writer(file).writerows([header, *part])
        bought.update((row[6], row[1], row[4]) for row in part if row[6] and int(row[3]) > 0)
        return len(bought)

    shape = SHAPES["shop invoices"]
    files = IngestRequest(str(shop), mapping=shape.mapping, options=shape.options)
    news = dataclasses.replace(files, only_new=True)
    kept = drop("invoices-2010.csv", rows[:1500])
    assert ingested(bench, files).interactions == kept
    kept = drop("invoices-2011.csv", rows[1400:])
    assert ingested(bench, news).interactions == kept
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("create table orders (id integer, customer text, product text, order_date text, name text)")
        database.execute("insert into orders values (1, '12000', '85004', '2026-01-31 10:00', 'LANTERN 4')")
    orders = IngestRequest("sql", table="orders", watermark="id", only_new=True, catalogue=str(shop))
    found = ingested(bench, orders)
    assert (found.interactions, found.users, found.items) == (kept + 1, 150, 150)
    for request in (orders, news):
        assert isinstance(run_ingest(bench, request, lambda _: None), NothingChanged)


def test_ratings_that_follow_are_stretched_as_those_before(bench: Workbench, tmp_path: Path) -> None:
    """Whatever range the later ones have of their own."""
    shop = tmp_path / "ratings"
    shop.mkdir()

    def drop(name: str, ratings: dict[str, int]) -> None:
        rows = [f"u,{item},{rating},{1_546_300_800 + place}" for place, (item, rating) in enumerate(ratings.items())]
        (shop / name).write_text("\n".join(["user_id,item_id,rating,timestamp", *rows]))

    request = IngestRequest(str(shop), options={"values": "ratings"})
    drop("ratings-1.csv", {"a": 1, "b": 10})
    assert ingested(bench, request).options["source_range"] == [1, 10]
    drop("ratings-2.csv", {"c": 4, "d": 10})
    news = dataclasses.replace(request, only_new=True)
    made = run_ingest(bench, news, lambda _: None)
    assert isinstance(made, VersionAdded)
    bench.data.get(made.version.tag, tmp_path / "version")
    rows = pd.read_parquet(tmp_path / "version" / "interactions.parquet").set_index("item_id")["value"]
    assert rows.round(6).to_dict() == {"a": 0.5, "b": 5.0, "c": 2.0, "d": 5.0}
