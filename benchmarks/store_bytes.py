"""Counts what a logged request takes in the event store, and how long reads take as the store grows.

Run it with `python -m benchmarks.store_bytes [--json] [--full]`; writes only into a temporary folder. Answers of 10
items from a bundle of 9,000, with 200 candidates each, are logged as the service logs them, with a click for each, of
50,000 users; the bytes are those of requests, impressions and clicks. Then the events of 100 users are read as the
service reads them: they have ten each, whatever the size. Reads are timed by the processor, as one that is shared makes
others wait at will. `--full` logs a million. PostgreSQL
is measured as well, without the largest size, by the server of the development packages.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from time import thread_time

import numpy as np
from sqlalchemy import Connection, Engine, insert

from benchmarks.report import Report, Row, report_main
from benchmarks.synthetic_bundle import write_synthetic_bundle
from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.tables import feedback, metadata
from components.adapters.store.traffic.request_log import MAX_BATCH, RequestLog
from components.adapters.store.traffic.rows import request_row
from components.adapters.store.traffic.user_events import newest_events
from components.config.routing import RoutingConfig
from components.serving.answer import Answer
from components.serving.bundle import read_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from tests.postgres import Postgres

USERS = 50_000
READERS = [f"reader-{n}" for n in range(100)]
READS = 5_000
START = 1.7e9


def run(full: bool) -> Report:
    """Bytes a request and the times of reads, at three sizes of the store."""
    sizes = (1_000, 100_000, 1_000_000) if full else (1_000, 5_000, 20_000)
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        known = write_synthetic_bundle(Path(folder) / "bundle")
        rows = _measure(Path(folder), known, f"sqlite:///{folder}/events.db", sizes)
        server = Postgres()
        try:
            rows += _measure(Path(folder), known, server.new_database(), sizes[:2])
        finally:
            server.stop()
    return Report("bytes of a logged request, and reads as the store grows", rows)


def _measure(folder: Path, known: list[str], url: str, sizes: tuple[int, ...]) -> list[Row]:
    bundle = read_bundle(folder / "bundle")
    path = RequestPath(bundle, RoutingConfig(cold_start_threshold=5, candidates=200), "release-1", "blue", "default")
    answers = cycle([path.recommend(RecommendRequest(user_id=user), "request") for user in known])
    migrate(url)
    engine = open_engine(url)
    log = RequestLog(engine, max_requests=10 * MAX_BATCH)
    with engine.begin() as db:
        db.execute(insert(feedback), [_click(f"{user}-{n}", user, n) for user in READERS for n in range(10)])
    rows: list[Row] = []
    logged = 0
    for size in sizes:
        while logged < size:
            batch = range(logged, min(logged + MAX_BATCH, size))
            _log(engine, log, list(islice(answers, len(batch))), batch, bundle.items.ids)
            logged = batch.stop
        with engine.connect() as db:
            stored = _bytes(db)
            times = _read(db)
        found: Row = {"database": engine.dialect.name, "requests": size, "bytes a request": stored / size}
        rows.append(found | {f"read, p{q} CPU ms": 1000 * float(np.quantile(times, q / 100)) for q in (50, 99)})
    engine.dispose()
    return rows


def _bytes(db: Connection) -> int:
    """What the tables and their indexes take on disk."""
    if db.dialect.name == "postgresql":
        sizes = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname = ANY(%s)"
        return int(db.exec_driver_sql(sizes, ([*metadata.tables],)).scalar_one())
    pages, page = (db.exec_driver_sql(f"PRAGMA page_{what}").scalar_one() for what in ("count", "size"))
    return int(pages * page)


def _log(engine: Engine, log: RequestLog, answers: list[Answer], batch: range, item_ids: tuple[str, ...]) -> None:
    clicks = []
    for number, answer in zip(batch, answers, strict=True):
        named = replace(answer, request_id=f"{number:032x}", user_id=f"user-{number * 7919 % USERS}")
        request = RecommendRequest(user_id=named.user_id)
        log.add(request_row(request, named, item_ids, START + number), closing=False)
        clicks.append(_click(f"{number}", named.user_id, number))
    log.write_batch(engine)
    with engine.begin() as db:
        db.execute(insert(feedback), clicks)


def _read(db: Connection) -> list[float]:
    statement, arguments = newest_events(db.dialect)
    times = []
    for user in islice(cycle(READERS), READS):
        start = thread_time()
        db.exec_driver_sql(statement, arguments(user)).fetchall()
        times.append(thread_time() - start)
    return times


def _click(event_id: str, user_id: str, number: int) -> dict[str, object]:
    at = START + number
    row = {"event_id": f"{event_id}~0123456789abcdef01234567", "user_id": user_id, "item_id": str(number % 9_000)}
    return {**row, "request_id": f"{number:032x}", "type": "click", "occurred_at": at, "received_at": at}


if __name__ == "__main__":
    report_main(__doc__, run)
