"""Lets a small stack answer mixed traffic at half of what it carries, and holds memory and store to what they were.

`python -m benchmarks.steady_memory [--minutes 60] [--settled 10] [--per-second N]`. Envoy and two slots are started in
a temporary folder, with a model that ranks each changed history anew. After each minute what is older than five minutes
is pruned, and the memory of each process is noted. It ends with 1 where a process has grown by more than 5 % since the
settled minute, where a request failed, or where one that is past its five minutes is left.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import psutil
from sqlalchemy import func, select

from benchmarks.keep_alive_client import measure
from benchmarks.overload import Traffic, capacity, flood, write_tiny
from benchmarks.report import hardware
from components.adapters.store.engine import reading
from components.adapters.store.pruning import DAY, prune
from components.adapters.store.tables import requests
from components.config.retention import RetentionConfig
from components.serving.bundle import read_bundle
from jobs.stack.take_down import stop_stack
from tests.stack.small_stack import PATIENT, SmallStack

SHARE = 0.5
KEPT_SECONDS = 300.0
MOST_GROWTH = 0.05
ROW = "{:>7}{:>10}{:>9}{:>8}  {}"


def main() -> None:
    """Parses the command line, measures, prints, and says by its exit status whether anything grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--settled", type=int, default=10, help="the minute that later ones are held against")
    parser.add_argument("--per-second", type=float, help="requests, instead of half of what it carries")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        stack = SmallStack(Path(folder) / "home", make=write_tiny, limits=PATIENT)
        try:
            stack.start()
            stack.promote()
            stack.promote()
            settled = min(arguments.settled, arguments.minutes // 2)
            faults = run(stack, Path(folder), arguments.minutes, settled, arguments.per_second)
        finally:
            stop_stack(stack.bench)
    print(hardware())
    print("; ".join(faults) or "nothing grew")
    sys.exit(bool(faults))


def run(stack: SmallStack, folder: Path, minutes: int, settled: int, given: float | None) -> list[str]:
    """What grew, in words; prints a line a minute."""
    traffic = Traffic(read_bundle(write_tiny(folder / "bundle")), 7)
    for posts in traffic.first_of_the_day():
        measure(stack.settings.gateway_port, posts, 4, accepted=(b"200", b"202"))
    per_second = given or SHARE * capacity(stack, traffic)
    processes = _processes(stack)
    engine, retention = (
        stack.bench.store.engine,
        RetentionConfig(traffic_days=KEPT_SECONDS / DAY, feedback_days=None, records_days=None),
    )
    memory: list[dict[str, float]] = []
    faults: list[str] = []
    print(f"{per_second:.0f} requests/s")
    print(ROW.format("minute", "answered", "failed", "rows", "MB of each process; of the store"))
    for minute in range(1, minutes + 1):
        good = flood(stack, traffic, per_second, 60.0, 0.0).good
        prune(engine, retention, time.time(), None)
        with reading(engine) as db:
            rows, oldest = db.execute(select(func.count(), func.min(requests.c.received_at))).one()
        memory.append({name: process.memory_info().rss / 1e6 for name, process in processes.items()})
        store = sum(file.stat().st_size for file in stack.settings.root.glob("events.db*")) / 1e6
        failed = good.statuses.total() - len(good.seconds)
        megabytes = ", ".join(f"{name} {used:.1f}" for name, used in memory[-1].items())
        print(ROW.format(minute, len(good.seconds), failed, rows, f"{megabytes}; {store:.1f}"), flush=True)
        if failed:
            faults.append(f"{failed} requests of minute {minute} failed")
        if oldest is not None and time.time() - oldest > KEPT_SECONDS + 90:
            faults.append(f"after minute {minute} a request of {time.time() - oldest:.0f} s ago is left")
    for name, used in memory[-1].items():
        before = memory[settled - 1][name]
        if used > (1 + MOST_GROWTH) * before:
            faults.append(f"{name} grew from {before:.1f} MB in minute {settled} to {used:.1f} in minute {minutes}")
    return faults


def _processes(stack: SmallStack) -> dict[str, psutil.Process]:
    """Envoy, and the process that answers of each slot."""
    found = {"envoy": psutil.Process(stack.supervisor.state_of("envoy").pid)}
    for slot in ("blue", "green"):
        family = psutil.Process(stack.supervisor.state_of(slot).pid).children(recursive=True)
        listening = stack.listeners(slot)  # type: ignore[arg-type]
        found[slot] = max((each for each in family if each.pid in listening), key=lambda each: each.create_time())
    return found


if __name__ == "__main__":
    main()
