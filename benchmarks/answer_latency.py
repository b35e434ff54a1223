"""Times an answer of the `cf` route: the bare function, a bare ASGI app with the same body, and a built Bento's slot.

Run it with `python -m benchmarks.answer_latency [--json] [--rounds N]`; writes only into a temporary folder. The three
are measured in turns, so that a change of the machine's speed meets them all.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import orjson

from benchmarks.keep_alive_client import measure, post_bytes
from benchmarks.synthetic_bundle import write_synthetic_bundle
from bentos.build import build_bento
from components.adapters.store.engine import migrate
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.rollout.release import Release, Variant
from components.serving.bundle import read_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest

CLIENTS = (1, 16)
REQUESTS_PER_ROUND = 600
START_SECONDS = 180.0
ROUTING = RoutingConfig(cold_start_threshold=5, candidates=200)


def main() -> None:
    """Parses the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=8, help="rounds of 600 requests for each way")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        seconds = run(Path(folder), arguments.rounds)
    rows = summarise(seconds)
    if arguments.json:
        print(json.dumps({"hardware": hardware(), "rows": rows}, indent=1))
    else:
        print_table(rows)


def run(folder: Path, rounds: int) -> dict[tuple[str, int], list[float]]:
    """Seconds of each answer by (way, clients)."""
    users = write_synthetic_bundle(folder / "bundle")
    settings = Settings(home=folder / "home", blue_port=free_port())
    variant = Variant("default", 1, {"routing": ROUTING.model_dump()})
    release = Release("bench", 0.0, "bench", None, "recops:bench", (variant,), "", False, "", "")
    bento = build_bento(settings, {1: folder / "bundle"}, release)
    migrate(settings.store_url)
    (settings.root / "slots").mkdir()
    assignment = {"release_id": "bench", "bento_path": str(bento.path)}
    (settings.root / "slots" / "blue.json").write_text(json.dumps(assignment))

    path = RequestPath(read_bundle(folder / "bundle"), ROUTING, "bench", "blue", "default", time.perf_counter)
    bodies = [json.dumps({"user_id": user, "k": 10}).encode() for user in users]
    (folder / "body.json").write_bytes(_answer(path, bodies[0]))
    wire = [post_bytes("/recommend", json.loads(body)) for body in bodies]
    wire = (wire * (REQUESTS_PER_ROUND // len(wire) + 1))[:REQUESTS_PER_ROUND]

    bare_port = free_port()
    bare = [sys.executable, "-m", "uvicorn", "benchmarks.bare_asgi_app:app", "--port", str(bare_port)]
    seconds: dict[tuple[str, int], list[float]] = {}
    with (
        serving(
            [*bare, "--no-access-log", "--log-level", "error"], {"BARE_BODY": str(folder / "body.json")}, bare_port
        ),
        serving(
            [sys.executable, "-m", "bentos.slot", "blue"],
            {"RECOPS_HOME": str(settings.root), "RECOPS_BLUE_PORT": str(settings.blue_port)},
            settings.blue_port,
        ),
    ):
        for round_ in range(rounds + 1):
            timed = {("function", 1): [_time(path, body) for body in bodies]}
            for clients in CLIENTS:
                timed["bare ASGI", clients] = measure(bare_port, wire, clients)
                timed["slot", clients] = measure(settings.blue_port, wire, clients)
            if round_:  # the first one warms up
                for key, values in timed.items():
                    seconds.setdefault(key, []).extend(values)
    return seconds


def summarise(seconds: dict[tuple[str, int], list[float]]) -> list[dict[str, float | str | int]]:
    """One row per way and number of clients; milliseconds, and the ratio of p50 to the bare app's."""
    rows: list[dict[str, float | str | int]] = []
    for (way, clients), values in sorted(seconds.items(), key=lambda pair: (pair[0][1], pair[0][0] == "slot")):
        p50, p99 = np.percentile(np.asarray(values) * 1000, [50, 99]).tolist()
        floor = float(np.percentile(np.asarray(seconds["bare ASGI", clients]) * 1000, 50))
        rows.append(
            {
                "way": way,
                "clients": clients,
                "p50_ms": round(p50, 3),
                "p99_ms": round(p99, 3),
                "over_bare_ms": round(p50 - floor, 3),
                "ratio_to_bare": round(p50 / floor, 2),
                "answers": len(values),
            }
        )
    return rows


def print_table(rows: list[dict[str, float | str | int]]) -> None:
    """Aligned columns, and the hardware below."""
    columns = list(rows[0])
    print("  ".join(f"{name:>13}" for name in columns))
    for row in rows:
        print("  ".join(f"{row[name]:>13}" for name in columns))
    print(hardware())


def hardware() -> str:
    """Processor model, cores and Python version."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _answer(path: RequestPath, body: bytes) -> bytes:
    return orjson.dumps(path.recommend(RecommendRequest.model_validate_json(body), "bench").body())


def _time(path: RequestPath, body: bytes) -> float:
    start = time.perf_counter()
    _answer(path, body)
    return time.perf_counter() - start


@contextmanager
def serving(
    command: list[str],
    environment: dict[str, str],
    port: int,
    folder: Path | None = None,
    start_seconds: float = START_SECONDS,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server, run in `folder`, that answers on `port` meanwhile, ended with SIGTERM."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, env={**os.environ, **threads, **environment}, stdout=subprocess.DEVNULL, cwd=folder
    )
    try:
        _await_answer(process, port, start_seconds)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(process: subprocess.Popen[bytes], port: int, start_seconds: float) -> None:
    deadline = time.monotonic() + start_seconds
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} does not answer on port {port}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
