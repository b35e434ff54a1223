"""What guests asked and told changes nothing that decides about the release, trains the next one or is watched."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from components.access.tenants import DEFAULT, own_id
from components.adapters.store import tables
from components.adapters.store.contents import EVENTS, of_tenant
from components.adapters.store.engine import reading
from components.adapters.store.experiments.log import read_traffic_log
from components.adapters.store.llm.shadow_log import read_eligible
from components.adapters.store.table_files import read_rows, write_table
from components.adapters.store.tables import feedback, llm_calls, metadata, requests
from components.adapters.store.traffic.canary_traffic import SqlTraffic
from components.adapters.store.traffic.event_rows import read_feedback
from components.adapters.store.traffic.exploration_log import read_open_positions
from components.adapters.store.traffic.feedback_users import read_users
from components.adapters.store.traffic.latest import count_since, newest_users, shown_lately
from components.adapters.store.traffic.monitor_facts import MonitorFacts
from components.adapters.store.traffic.shown_items import ShownItems
from components.adapters.store.traffic.shown_lists import read_shown_lists
from components.adapters.store.traffic.traffic_log import TrafficLog
from components.quality.log import Names
from components.rollout.ports import Counts

STORE = Path(tables.__file__).parents[1]
WITH_TENANT = {table.name for table in metadata.tables.values() if "tenant" in table.columns}


def asked(n: int, user_id: str, tenant: str, at: float) -> dict[str, Any]:
    row = {
        "request_id": f"{tenant}-{n}",
        "received_at": at,
        "user_id": user_id,
        "k": 2,
        "route": "cf",
        "tenant": tenant,
    }
    row |= {"context": {}, "candidates": ["1", "2"], "scores": [1.0, 0.5], "items": ["1", "2"], "explored_position": 2}
    row |= {"item_sources": ["cf"], "item_scores": [1.0, 0.5], "item_propensities": [1.0, 0.25], "llm": {"tier": "a"}}
    row |= {"timings_ms": {"total": 5.0}, "cost_usd": 0.0, "release_id": "r", "slot": "blue", "variant": "default"}
    return row | {"degraded": False, "cached": False}


def told(n: int, user_id: str, tenant: str, request_id: str | None, at: float) -> dict[str, Any]:
    row = {"event_id": f"{tenant}-{n}-{request_id}", "request_id": request_id, "user_id": user_id, "item_id": "2"}
    return row | {"type": "click", "occurred_at": at, "received_at": at, "tenant": tenant}


def fill(engine: Engine, tenant: str, offset: float) -> None:
    """Two lists of each of two users, and clicks on them; a guest also names the requests of the stack's own."""
    user = [own_id(tenant, "a"), own_id(tenant, "b")]
    lists = [asked(n, user[n % 2], tenant, 100.0 + 100 * n + offset) for n in range(4)]
    clicks = [
        told(n, row["user_id"], tenant, row["request_id"], row["received_at"] + 1) for n, row in enumerate(lists[:2])
    ]
    clicks += [told(9, user[0], tenant, None, 150.0)]
    if tenant != DEFAULT:
        clicks += [told(n, user[0], tenant, f"{DEFAULT}-{n}", 600.0) for n in range(4)]
    call = {"call_id": tenant, "request_id": f"{tenant}-1", "called_at": 200.0, "release_id": "r", "tier": "a"}
    call |= {"model": "m", "outcome": "ok", "input_tokens": 1, "output_tokens": 1, "cache_read_tokens": 0}
    with engine.begin() as db:
        db.execute(insert(requests), lists)
        db.execute(insert(feedback), clicks)
        db.execute(insert(llm_calls).values(**call, cost_usd=1.0, latency_ms=1.0, tenant=tenant))


def _stretches(engine: Engine) -> Any:
    log, names = TrafficLog(engine, 5), Names()
    parts = [(part.requests.ids.tolist(), part.feedback.at.tolist()) for part in log.read(0, 1e3, 1e3, names)]
    return log.first_and_last(), parts


def _shown(engine: Engine) -> Any:
    items = ShownItems(engine, 1e6)
    while items.catch_up(1e3):
        pass
    return {times: sorted(items.at_least(times)) for times in range(1, 10)}


def _lists(engine: Engine) -> Any:
    return [(each.row.request_id, each.told) for part in read_shown_lists(engine, 0.0, 5) for each in part]


def _arm(engine: Engine) -> Any:
    arm = SqlTraffic(engine).answered("r", 0.0, Counts(1, 0))
    return arm.at.tolist(), arm.clicked.tolist(), SqlTraffic(engine).empty_answers("r", 0.0, 10)


def _traffic(engine: Engine) -> Any:
    log = read_traffic_log(engine, 0.0, 1e3)
    return log.first_at.tolist(), log.request_at.tolist(), log.event_at.tolist()


READERS: dict[str, Callable[[Engine], Any]] = {
    "traffic/traffic_log.py": _stretches,
    "traffic/canary_traffic.py": _arm,
    "traffic/exploration_log.py": lambda engine: read_open_positions(engine, 0.0, 1e3, None),
    "traffic/monitor_facts.py": lambda engine: (
        (facts := MonitorFacts(engine)).feedback_events(0, 1e3),
        facts.feedback_items(0, 1e3, 99),
        facts.llm_use(0, 1e3, ["timeout"]),
        facts.returning(0, 250, 1e3),
        facts.sample(0, 1e3, 1000),
    ),
    "traffic/shown_items.py": _shown,
    "traffic/shown_lists.py": _lists,
    "traffic/event_rows.py": lambda engine: read_feedback(engine, 1e3).values.tolist(),
    "traffic/feedback_users.py": lambda engine: sorted(read_users(engine)),
    "traffic/latest.py": lambda engine: (
        count_since(engine, 0.0),
        newest_users(engine, 9),
        shown_lately(engine, "1", 1000),
    ),
    "experiments/log.py": _traffic,
    "llm/shadow_log.py": lambda engine: [row.request.request_id for row in read_eligible(engine, 0.0, 1e3)],
}
"""By file what reads what, and must not see guests."""

BY_USER_OR_REQUEST = {
    "traffic/user_events.py",  # of one user
    "traffic/attribution.py",  # joins an event to lists of its own user
    "experiments/interleaved_log.py",  # of users with an exposure, which no guest has
    "llm/evaluations.py",  # of requests that were chosen by shadow_log.py
    "llm/budget.py",  # by tenant: tests/components/adapters/store/llm/test_budget.py
}
WHOLE = {
    "contents.py",  # exports, of all tenants or of one: below
    "forgetting.py",  # of one user
    "pruning.py",  # what is old, whoever it belongs to
    "write_queue.py",  # writes
    "traffic/request_log.py",  # writes
    "traffic/simulated.py",  # writes and removes what is marked as simulated
    "traffic/by_tenant.py",  # counts each tenant
    "access/keys.py",  # all keys, for the door and for operators
    "access/kept_over_restore.py",  # all keys, as they stand before a restore
}


@pytest.mark.parametrize("file", list(READERS))
def test_what_is_read_is_the_same_with_guests_as_without_them(engine: Engine, file: str) -> None:
    fill(engine, DEFAULT, 0.0)
    before = repr(READERS[file](engine))
    for place, tenant in enumerate(("shop", "club")):
        fill(engine, tenant, 1.0 + place)
    assert repr(READERS[file](engine)) == before
    assert before not in ("[]", "{}", "(None, [])")


def test_each_module_that_reads_a_table_of_tenants_is_known_here() -> None:
    found = set()
    for file in STORE.rglob("*.py"):
        name = str(file.relative_to(STORE))
        if name.startswith(("tables/", "migrations/")):
            continue
        imported = {
            alias.name
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module == tables.__name__
            for alias in node.names
        }
        if imported & {*WITH_TENANT, "SHOWN", "shown_items"}:
            found.add(name)
    assert found == {*READERS, *BY_USER_OR_REQUEST, *WHOLE}


def test_no_code_outside_the_store_reads_its_tables() -> None:
    root = STORE.parents[2]
    reading_outside = [
        str(file.relative_to(root))
        for package in ("bentos", "monitoring", "jobs", "flows", "cli", "console", "stages")
        for file in (root / package).rglob("*.py")
        if tables.__name__ in file.read_text()
    ]
    assert reading_outside == []


@pytest.mark.parametrize("tenant", [DEFAULT, "shop"])
@pytest.mark.parametrize("name", ["requests", "impressions", "feedback", "llm_calls"])
def test_an_export_of_one_tenant_holds_its_rows_alone(engine: Engine, tmp_path: Path, tenant: str, name: str) -> None:
    for each in (DEFAULT, "shop", "shopping"):
        fill(engine, each, 0.0)
    table, _ = EVENTS[name]
    with reading(engine) as db:
        n = write_table(db, table, tmp_path / "rows.parquet", of_tenant(table, tenant))
    rows = [row for part in read_rows(tmp_path / "rows.parquet") for row in part]
    assert (
        len(rows)
        == n
        == {"requests": 4, "impressions": 8, "feedback": 3 + 4 * (tenant != DEFAULT), "llm_calls": 1}[name]
    )
    assert all(
        row.get("request_id") is None or row["request_id"].startswith(f"{tenant}-")
        for row in rows
        if name != "feedback"
    )
