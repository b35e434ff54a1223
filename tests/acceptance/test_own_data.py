"""People go from their own files to a recommendation: the newcomer's page, command by command, and four public shapes.

The tests share a stack, whose demo is live when they begin.
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.acceptance.whole_stack import PROJECT, WholeStack, wait_until
from tests.public_shapes import CLANS, ITEMS, SHAPES, USERS, invoice_rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
PAGE = (PROJECT / "docs" / "own-data.md").read_text()
ASKED = 30
OWN = 0.6
"""The least share of recommended items that are of the user's own clan; by chance a third are."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Iterator[WholeStack]:
    whole = WholeStack(tmp_path_factory.mktemp("whole"))
    whole.environment["RECOPS_SOURCE_SQL_URL"] = f"sqlite:///{data / 'shop.db'}"
    try:
        whole.recops("up")
        yield whole
    finally:
        whole.recops("down", check=False)


def bash(commands: str, stack: WholeStack, data: Path) -> str:
    here = Path(sys.executable).parent
    for theirs, ours in (
        ("http://127.0.0.1:4200/api", stack.environment["PREFECT_API_URL"]),
        ("localhost:8080", f"127.0.0.1:{stack.ports['GATEWAY']}"),
        ("/data/shop", str(data / "shop")),
    ):
        commands = commands.replace(theirs, ours)
    environment = {**stack.environment, "PATH": f"{here}:{stack.environment['PATH']}"}
    command = ["bash", "-euo", "pipefail", "-c", commands]
    done = subprocess.run(command, cwd=data, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, commands + done.stdout + done.stderr
    return done.stdout + done.stderr


def answered(said: str) -> list[dict]:
    """The items of the last answer that commands have printed."""
    return json.loads(said[said.rindex('{"request_id"') :].splitlines()[0])["items"]


def versions(stack: WholeStack) -> list[dict]:
    return json.loads(stack.recops("data", "list", "--json"))


def test_every_command_of_the_page_does_what_the_page_says(stack: WholeStack, data: Path) -> None:
    header, *rows = invoice_rows()
    bought: set[tuple[str, ...]] = set()

    def drop(name: str, places: set[int]) -> int:
        part = [row for number, row in enumerate(rows) if number % 10 in places]
        with (data / "shop" / name).open("w", newline="", encoding="latin-1") as file:
            csv.writer(file).writerows([header, *part])
        bought.update((row[6], row[1], row[4]) for row in part if row[6] and int(row[3]) > 0)
        return len(bought)

    def run(block: str) -> str:
        return bash(block, stack, data)

    (data / "shop").mkdir()
    look, mend, ask, feedback, drop_in, webhook, database, batch, compare, broken, mended = re.findall(
        r"```sh\n(.*?)```", PAGE, re.DOTALL
    )
    kept = drop("invoices-2010.csv", {0, 1, 2, 3, 4, 5})
    said = " ".join(run(look).split())
    assert "CustomerID is user_id" in said
    assert '{"filters": ["user_id ~ ."]}' in said
    assert '{"filters": ["Quantity >= 0"]}' in said
    assert "an ingest would be refused" in said
    assert f"{kept:,} kept" in run(mend)
    assert "an ingest would take it" in run(mend)
    said = run(ask)
    assert said.count("'Completed'") == 3
    assert [row["interactions"] for row in versions(stack)][1:] == [kept]
    assert versions(stack)[-1]["users"] == USERS
    assert stack.release()["data_version"] == "data-v2"
    before, after = answered(said), answered(run(feedback))
    assert len(before) == len(after) == 5
    assert "85004" not in {item["item_id"] for item in after}
    kept = drop("invoices-2011.csv", {6, 7})
    assert "'Completed'" in run(drop_in)
    assert versions(stack)[-1]["interactions"] == kept
    kept = drop("invoices-2012.csv", {8})
    made = len(versions(stack))
    run(webhook)
    wait_until(lambda: len(versions(stack)) > made, 300)
    assert versions(stack)[-1]["interactions"] == kept
    with sqlite3.connect(data / "shop.db") as shop:
        shop.execute("create table orders (id integer, customer text, product text, order_date text, name text)")
        shop.execute("insert into orders values (1, '12000', '85004', '2026-01-31 10:00', 'LANTERN 4')")
    assert "'Completed'" in run(database)
    assert versions(stack)[-1]["interactions"] == kept + 1
    (data / "shop" / "customers.csv").write_text("customer_id;country\n12000.0;UK\n12001.0;UK\n")
    said = run(batch)
    assert said.count("'Completed'") == 3
    newest = max((stack.home / "batches").glob("recommendations-*.parquet"))
    assert set(pd.read_parquet(newest)["user_id"]) == {"12000", "12001"}
    assert "pipeline" in run(compare)
    assert "no_feedback" in run(broken)
    opened = json.loads(stack.recops("alerts", "list", "--json"))
    told = {each["rule"]: (each["severity"], each["resolved_at"]) for each in opened}
    assert told["no_feedback"] == ("critical", None)
    assert "is acknowledged by" in run(mended)


@pytest.mark.parametrize("name", SHAPES)
def test_a_public_shape_is_checked_ingested_trained_promoted_and_answered(
    name: str, stack: WholeStack, tmp_path: Path
) -> None:
    shape = SHAPES[name]
    written = shape.write(tmp_path)
    mapping, options = json.dumps(shape.mapping), json.dumps(shape.options)
    checked = stack.recops("data", "check", str(written.source), "--mapping", mapping, "--options", options, "--json")
    assert json.loads(checked)["tables"]["interactions"]["kept"] == written.kept
    line = ["--param", f"source={written.source}", "--param", f"mapping={mapping}", "--param", f"options={options}"]
    assert "'Completed'" in stack.flow("ingest/default", *line)
    assert "'Completed'" in stack.flow("retrain/default", "--param", f"overrides={json.dumps(shape.overrides)}")
    assert "'Completed'" in stack.flow("promote/default")
    version = versions(stack)[-1]
    assert stack.release()["data_version"] == version["version"]
    assert version["events"] == 0
    clan_of = {shape.item_id(item): item % CLANS for item in range(ITEMS)}
    own = 0
    for user in range(0, USERS, USERS // ASKED):
        items = stack.ask("/recommend", {"user_id": shape.user(user), "k": 10})["items"]
        assert len({item["item_id"] for item in items}) == 10
        assert all(item["title"] for item in items)
        own += sum(clan_of[item["item_id"]] == user % CLANS for item in items)
    assert own / (10 * ASKED) >= OWN
