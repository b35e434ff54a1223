"""Times one monitor run over a million logged requests, and Evidently's own NDCG over part of the same rows.

`python -m benchmarks.monitor_run [--requests 1000000]`; the database is made in a temporary folder first.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from benchmarks.metrics_speed import evidently_dataset, evidently_ndcg
from benchmarks.report import hardware
from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.traffic.rollups import Rollups
from components.adapters.store.traffic.traffic_log import TrafficLog
from components.quality.relevance import Horizon
from monitoring.catalogue import WatchedCatalogue
from monitoring.collect import Collector

START = 1_789_603_200.0
DAY = 86_400.0
ITEMS = 9_000
USERS = 50_000


def main() -> None:
    """Makes the rows, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    n = parser.parse_args().requests
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "events.db"
        url = f"sqlite:///{path}"
        migrate(url)
        events = fill(path, n)
        print(f"{n:,} requests and {events:,} events in {path.stat().st_size / 1e6:,.0f} MB")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        engine = open_engine(url)
        collector = Collector(TrafficLog(engine, 5), Rollups(engine), WatchedCatalogue(), Horizon(3600.0, 4.0, 30.0))
        began = time.perf_counter()
        windows = collector.windows(START + DAY, 3600.0, 24)
        took = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        gain = sum(float(sums.ndcg.sum()) for groups in windows.groups for sums in groups.values())
        print(
            f"one pass: {took:.1f} s, {windows.read / took:,.0f} requests a second, peak memory {after / 1024:,.0f} MB"
            f" ({(after - before) / 1024:,.0f} MB of it in the pass), NDCG@10 {gain / windows.read:.4f}"
        )
        began = time.perf_counter()
        collector.windows(START + DAY, 3600.0, 24)
        print(f"again, from the kept hours: {time.perf_counter() - began:.2f} s")
        engine.dispose()
        _evidently()
    print(hardware())


def fill(path: Path, n: int) -> int:
    """Rows of requests over one day, a third of them clicked; the number of events."""
    db = sqlite3.connect(path)
    columns = (
        "request_id, received_at, user_id, k, context, route, release_id, slot, variant, degraded, cached, candidates,"
        " scores, items, timings_ms, cost_usd, n_known, canary"
    )
    db.executemany(f"INSERT INTO requests ({columns}) VALUES ({','.join('?' * 18)})", _requests(n))  # noqa: S608
    sql = "INSERT INTO feedback (event_id, request_id, user_id, item_id, type, occurred_at, received_at)"
    db.executemany(f"{sql} VALUES (?,?,?,?,'click',?,?)", _clicks(n))
    db.commit()
    count = int(db.execute("SELECT COUNT(*) FROM feedback").fetchone()[0])
    db.close()
    return count


def _lists(block: int, size: int) -> Any:
    rng = np.random.default_rng([7, block])
    # Ten different items: a start and nine steps of at least one.
    steps = np.cumsum(rng.integers(1, ITEMS // 10, (size, 10)), axis=1)
    return rng.integers(0, USERS, size), steps % ITEMS, rng.random(size) < 1 / 3, rng.integers(0, 10, size)


def _requests(n: int, size: int = 10_000) -> Iterator[tuple[Any, ...]]:
    for block in range(n // size):
        users, lists, _, _ = _lists(block, size)
        for place in range(size):
            row = block * size + place
            user = int(users[place])
            items = orjson.dumps([f"i{item}" for item in lists[place].tolist()]).decode()
            yield (
                *(f"r{row}", START + DAY * row / n, f"u{user}", 10, "{}", ("cf", "popularity")[user % 2]),
                *(f"release-{1 + row * 2 // n}", ("blue", "green")[row * 2 // n], "default", 0, 0, "[]", "[]", items),
                *('{"total":2.5,"candidates":1.1}', 0.0, user % 20, 0),
            )


def _clicks(n: int, size: int = 10_000) -> Iterator[tuple[Any, ...]]:
    for block in range(n // size):
        users, lists, clicked, position = _lists(block, size)
        for place in np.flatnonzero(clicked).tolist():
            row = block * size + place
            at = START + DAY * row / n + 5
            item = f"i{lists[place, position[place]]}"
            yield f"e{row}", f"r{row}", f"u{users[place]}", item, at, at


def _evidently() -> None:
    """Evidently's NDCG wants a row for each place of each list, of one list a user."""
    _, lists, clicked, position = _lists(0, 10_000)
    _, lists2, clicked2, position2 = _lists(1, 10_000)
    lists, clicked = np.concatenate([lists, lists2]), np.concatenate([clicked, clicked2])
    position = np.concatenate([position, position2])
    target = (np.arange(10) == position[:, None]) & clicked[:, None]
    frame = pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(len(lists)), 10),
            "item_id": lists.ravel(),
            "prediction": np.tile(np.arange(1.0, 11.0), len(lists)),
            "target": target.ravel().astype(int),
        }
    )
    began = time.perf_counter()
    value = evidently_ndcg(evidently_dataset(frame))
    took = time.perf_counter() - began
    print(
        f"Evidently's own NDCG on the first {len(lists):,} of these requests: {took:.1f} s,"
        f" {len(lists) / took:,.0f} requests a second, {value:.4f}"
    )


if __name__ == "__main__":
    main()
