"""Counts feedback events per second in lists, durable on SQLite: the app and its write queue beside a bare insert.

Run it with `python -m benchmarks.feedback_writes [--json] [--full]`; writes only into a temporary folder. The bare
insert is SQLAlchemy's `insert()` of a list in a transaction of its own, with the same pragmas, and does not look for
repeats. The ways take turns.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import func, insert, select

from benchmarks.report import Report, Row, report_main
from benchmarks.synthetic_bundle import write_synthetic_bundle
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import feedback
from components.adapters.store.write_queue import WriteQueue
from components.config.routing import RoutingConfig
from components.config.settings import Settings

LENGTHS = (10, 100, 1_000)
POSTERS = 8
"""Lists on their way at once, for the ways that share commits."""


def run(full: bool) -> Report:
    """Events per second by way and length of the lists."""
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        return _measure(Path(folder), rounds=7 if full else 3, events=20_000 if full else 8_000)


def _measure(folder: Path, rounds: int, events: int) -> Report:
    settings = Settings(home=folder / "home", slot="blue")
    migrate(settings.store_url)
    write_synthetic_bundle(folder / "src" / BUNDLE, n_users=50, n_items=1_000, history=20)
    variant = ServedVariant(routing=RoutingConfig(cold_start_threshold=5, candidates=200))
    ServedRelease(release_id="bench", variants=(variant,)).write(folder / "src")
    app = build_app(settings, folder / "src")
    engine = open_engine(settings.store_url)
    queue = WriteQueue(open_engine(settings.store_url))
    numbers = count()

    def row() -> dict[str, Any]:
        event = {"event_id": f"e{next(numbers)}", "user_id": "7", "item_id": "12", "type": "click", "value": None}
        return {**event, "request_id": None, "occurred_at": 1.7e9, "received_at": 1.7e9}

    def bare(length: int) -> float:
        lists = [[row() for _ in range(length)] for _ in range(events // length)]
        start = perf_counter()
        for rows in lists:
            with engine.begin() as db:
                db.execute(insert(feedback), rows)
        return perf_counter() - start

    def queued(length: int) -> float:
        lists = [[row() for _ in range(length)] for _ in range(events // length)]
        return asyncio.run(_in_parallel([lambda rows=rows: queue.append_feedback(rows) for rows in lists]))

    def posted(length: int) -> float:
        names = ("event_id", "user_id", "item_id", "type")
        bodies = [
            json.dumps(
                [{name: value for name, value in row().items() if name in names} for _ in range(length)]
            ).encode()
            for _ in range(events // length)
        ]
        return asyncio.run(_in_parallel([lambda body=body: _post(app, body) for body in bodies]))

    ways: dict[str, Callable[[int], float]] = {"bare insert": bare, "write queue": queued, "app": posted}
    seconds: dict[tuple[str, int], list[float]] = {}
    for round_ in range(rounds + 1):
        for length in LENGTHS:
            for name, way in ways.items():
                took = way(length)
                if round_:  # the first one warms up
                    seconds.setdefault((name, length), []).append(took)
    with reading(engine) as db:
        stored = db.execute(select(func.count()).select_from(feedback)).scalar_one()
    app.close()
    queue.close()
    engine.dispose()
    expected = (rounds + 1) * len(ways) * sum(events // length * length for length in LENGTHS)
    assert stored == expected
    median = {key: sorted(values)[len(values) // 2] for key, values in seconds.items()}
    rows: list[Row] = [
        {
            "way": name,
            "list": length,
            "events_per_s": round(events / median[name, length]),
            "to_bare": round(median["bare insert", length] / median[name, length], 2),
        }
        for length in LENGTHS
        for name in ways
    ]
    notes = (
        f"median of {rounds} rounds of {events:,} events; write queue and app: {POSTERS} lists on their way at once",
        f"{stored:,} events stored, each once",
    )
    return Report("Durable feedback events per second, in lists, SQLite with synchronous=FULL", rows, notes)


async def _in_parallel(posts: list[Callable[[], Any]]) -> float:
    """Seconds until all are answered, `POSTERS` at a time."""
    waiting = iter(posts)

    async def poster() -> None:
        for post in waiting:
            await post()

    start = perf_counter()
    await asyncio.gather(*(poster() for _ in range(POSTERS)))
    return perf_counter() - start


async def _post(app: Any, body: bytes) -> None:
    scope = {"type": "http", "method": "POST", "path": "/feedback", "headers": [(b"content-type", b"application/json")]}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] != 202:
            raise RuntimeError(f"feedback was answered with {message['status']}")

    await app(scope, receive, send)


if __name__ == "__main__":
    report_main(__doc__, run)
