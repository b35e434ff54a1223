"""Times answers of a slot that logs impressions beside one that does not, in turns off, on, off.

Run it with `python -m benchmarks.impressions_latency [--json] [--full]`; writes only into a temporary folder. Both
slots run the same Bento on the same event store. A load on the machine meets all three parts of a turn alike.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sqlalchemy import func, select

from benchmarks.answer_latency import ROUTING, free_port, serving
from benchmarks.keep_alive_client import measure, post_bytes
from benchmarks.report import Report, report_main
from benchmarks.synthetic_bundle import write_synthetic_bundle
from bentos.build import build_bento
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import requests, shown_items
from components.config.settings import Settings
from components.rollout.release import Release, Variant

CLIENTS = (1, 16)
REQUESTS = 1_000
"""In each part of a turn."""


def run(full: bool) -> Report:
    """p50 and p99 of each way, and the ratio of on to the mean of the two off."""
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        return _measure(Path(folder), turns=20 if full else 5)


def _measure(folder: Path, turns: int) -> Report:
    users = write_synthetic_bundle(folder / "bundle")
    settings = Settings(home=folder / "home", blue_port=free_port(), green_port=free_port())
    variant = Variant("default", 1, {"routing": ROUTING.model_dump()})
    release = Release("bench", 0.0, "bench", None, "recops:bench", (variant,), "", False, "", "")
    bento = build_bento(settings, {1: folder / "bundle"}, release)
    migrate(settings.store_url)
    (settings.root / "slots").mkdir()
    assignment = json.dumps({"release_id": "bench", "bento_path": str(bento.path)})
    for slot in ("blue", "green"):
        (settings.root / "slots" / f"{slot}.json").write_text(assignment)
    wire = [post_bytes("/recommend", {"user_id": user, "k": 10}) for user in users]
    wire = (wire * (REQUESTS // len(wire) + 1))[:REQUESTS]
    seconds: dict[tuple[str, int], list[list[float]]] = {}
    with _slot(settings, "blue", "true"), _slot(settings, "green", "false"):
        for turn in range(turns + 1):
            for clients in CLIENTS:
                for part, port in (
                    ("off 1", settings.green_port),
                    ("on", settings.blue_port),
                    ("off 2", settings.green_port),
                ):
                    timed = measure(port, wire, clients)
                    if turn:  # the first one warms up
                        seconds.setdefault((part, clients), []).append(timed)
    engine = open_engine(settings.store_url)
    with reading(engine) as db:
        counts = [db.execute(select(func.count()).select_from(table)).scalar_one() for table in (requests, shown_items)]
    engine.dispose()
    rows = [row for clients in CLIENTS for row in _rows(seconds, clients)]
    note = f"{turns} turns of {REQUESTS:,} requests a part; logged {counts[0]:,} requests, {counts[1]:,} impressions"
    return Report("Answers with impressions on and off", rows, (note,))


def _rows(seconds: dict[tuple[str, int], list[list[float]]], clients: int) -> Iterator[dict[str, float | int | str]]:
    p = {
        part: np.percentile(np.concatenate(seconds[part, clients]) * 1000, [50, 99])
        for part in ("off 1", "on", "off 2")
    }
    off = (p["off 1"] + p["off 2"]) / 2
    for part, (p50, p99) in p.items():
        ratios = {"p50_to_off": round(float(p50 / off[0]), 3), "p99_to_off": round(float(p99 / off[1]), 3)}
        row: dict[str, float | int | str] = {"impressions": part, "clients": clients}
        yield {**row, "p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3), **ratios}


@contextmanager
def _slot(settings: Settings, slot: str, log_impressions: str) -> Iterator[None]:
    port = settings.slot_port("blue" if slot == "blue" else "green")
    environment = {
        "RECOPS_HOME": str(settings.root),
        f"RECOPS_{slot.upper()}_PORT": str(port),
        "RECOPS_LOG_IMPRESSIONS": log_impressions,
    }
    with serving([sys.executable, "-m", "bentos.slot", slot], environment, port):
        yield


if __name__ == "__main__":
    report_main(__doc__, run)
