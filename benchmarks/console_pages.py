"""Times every page of the console over a million logged requests, and weeks of hourly sums.

`python -m benchmarks.console_pages [--requests 1000000]`; the store is made in a temporary folder first. The app is
asked in this process, as its server would; slots, MLflow and Prefect are not there, so what they take is left out.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.monitor_run import DAY, ITEMS, START, fill
from benchmarks.report import hardware
from bentos.served_release import ServedRelease, ServedVariant
from components.quality.log import Group
from components.quality.sketches import BITS
from components.quality.sums import Sums
from console.warming import make_pages
from jobs.console.day_figures import SHOWN_DAYS
from tests.console.small_console import SmallConsole
from tests.worlds import make_bundle

PAGES = (
    "",
    "/try",
    "/releases",
    "/releases/release-30",
    "/experiments",
    "/quality",
    "/quality?by=release",
    "/alerts",
    "/data",
    "/users",
    "/users/u7",
    "/items?q=film 5",
    "/items/150",
)
TIMES = 11
RELEASES = 30


def main() -> None:
    """Makes the store, asks, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    n = parser.parse_args().requests
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        console = SmallConsole(folder)
        console.now = START + DAY + 60
        console.fake.clock.now = START - 20 * DAY
        for _ in range(RELEASES):
            console.promote()
        events = fill(folder / "events.db", n)
        _show(folder / "events.db")
        cells = _sum_up(console)
        _bundle(console)
        size = (folder / "events.db").stat().st_size
        print(f"{n:,} requests, {10 * n:,} impressions, {events:,} events, {cells:,} hourly sums: {size / 1e6:,.0f} MB")
        began = time.perf_counter()
        make_pages(console.pages)
        print(f"made once before anybody asks, as a console that starts does: {time.perf_counter() - began:.1f} s")
        print(f"{'page':24}{'first':>10}{'median':>10}{'slowest':>10}")
        for path in PAGES:
            first, *others = (_time(console, path) for _ in range(TIMES + 1))
            print(f"{path or '/':24}{first:>7.0f} ms{statistics.median(others):>7.1f} ms{max(others):>7.1f} ms")
        console.close()
    print(hardware())


def _time(console: SmallConsole, path: str) -> float:
    """Milliseconds of one request."""
    began = time.perf_counter()
    reply = console.browser.get(f"/console{path}")
    took = 1000 * (time.perf_counter() - began)
    assert reply.status_code == 200, (path, reply.status_code)
    return took


def _show(path: Path) -> None:
    """Every list says what brought its items, with which scores."""
    db = sqlite3.connect(path)
    db.execute(
        "UPDATE requests SET item_sources = ?, item_scores = ?", ('["pipeline"]', str([1 - n / 7 for n in range(10)]))
    )
    db.commit()
    db.close()


def _sum_up(console: SmallConsole) -> int:
    """Hours of all shown days, twelve groups each, as the monitor keeps them."""
    rng = np.random.default_rng(7)
    routes = ("cf", "fold_in", "content", "popularity")
    first = START - (SHOWN_DAYS - 1) * DAY
    cells: dict[Any, Sums] = {}
    for hour in range(24 * SHOWN_DAYS):
        start = first + 3600.0 * hour
        for route in routes:
            for segment in ("warm", "cold", "unknown"):
                group = Group(f"release-{1 + hour // 240}", "blue", "default", route, segment, False)
                cells[start, group] = Sums(
                    requests=rng.integers(1, 60, 64).astype(float),
                    engaged=rng.integers(0, 30, 64).astype(float),
                    ndcg=rng.random(64) * 10,
                    hits=900.0,
                    impressions=20_000.0,
                    clicks=600.0,
                    latency={place: int(rng.integers(1, 90)) for place in range(40)},
                    items=rng.integers(0, 255, BITS // 8).astype(np.uint8),
                    users=rng.integers(0, 255, BITS // 8).astype(np.uint8),
                )
    horizon = console.bench.params.monitor.horizon_minutes * 60
    console.bench.store.rollups.replace(first, START + DAY, horizon, cells, console.now)
    return len(cells)


def _bundle(console: SmallConsole) -> None:
    """Files of the live release, with a catalogue of `ITEMS`."""
    folder = console.bench.bento_folder(f"recops:release-{RELEASES}") / "src"
    folder.mkdir(parents=True)
    make_bundle(folder / "bundle", n_users=500, n_items=ITEMS)
    routing = console.bench.read_params().routing
    ServedRelease(release_id=f"release-{RELEASES}", variants=(ServedVariant(routing=routing),)).write(folder)


if __name__ == "__main__":
    main()
