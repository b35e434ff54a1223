"""People of a file are read as an ingest reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.interactions.source import SourceError
from jobs.data.ingest import IngestRequest, run_ingest
from jobs.simulation.people import make_people
from jobs.wiring.workbench import Workbench
from tests.ingest_worlds import PARAMS, settings_in

SHOP = "CustomerID;StockCode;Quantity;InvoiceDate\n" + "".join(
    f"{12000 + n % 3}.0;A{n % 5};{n % 4};2026-01-{1 + n % 28:02}\n" for n in range(40)
)
OPTIONS = {"filters": ["Quantity > 0"]}


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    (tmp_path / "shop.csv").write_text(SHOP)
    return Workbench(settings_in(tmp_path / "home"), PARAMS)


def test_a_log_without_values_makes_people_with_the_ids_of_an_ingest(bench: Workbench, tmp_path: Path) -> None:
    people = make_people(bench, tmp_path / "shop.csv", None, 1, options=OPTIONS)
    assert [person.user_id for person in people] == ["12000", "12001", "12002"]
    assert all(person.liked == set(person.later) for person in people)


def test_the_options_of_the_newest_version_hold_unless_others_are_given(bench: Workbench, tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    run_ingest(bench, IngestRequest(str(file), options={**OPTIONS, "implicit_value": 3.0}), lambda _: None)
    assert {value for person in make_people(bench, file, None, 1) for value in person.later.values()} == {3.0}
    people = make_people(bench, file, None, 1, options={"implicit_value": 4.5})
    assert {value for person in people for value in person.later.values()} == {4.5}


def test_what_an_ingest_would_refuse_is_refused(bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("user_id,item_id,value\nu,i,9\n")
    with pytest.raises(SourceError, match="ingest refused"):
        make_people(bench, tmp_path / "bad.csv", None, 1)
