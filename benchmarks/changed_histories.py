"""Times answers to people who have done something since training, so that none is kept or made ahead.

Run it with `python -m benchmarks.changed_histories BUNDLE [--beside CHECKOUT] [--rounds N]`, where BUNDLE is the folder
of a trained pipeline, such as `.recops/pipeline/artifacts/bundle`. Each request has a cart of its own, which changes
its history. A bare ASGI app with the same body, the slot of this code and that of CHECKOUT take turns in one run; the
client and the servers share the cores.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import orjson

from benchmarks.answer_latency import ROUTING, free_port, hardware, serving
from benchmarks.keep_alive_client import measure, post_bytes
from components.serving.bundle import Bundle, read_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest

HERE = Path(__file__).parents[1]
CLIENTS = (1, 16)
PER_ROUND = 400


def main() -> None:
    """Parses the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--beside", type=Path, default=None, help="another checkout, whose slot takes turns with ours")
    parser.add_argument("--rounds", type=int, default=5, help=f"rounds of {PER_ROUND} requests for each way")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        found = run(Path(folder), arguments.bundle.absolute(), arguments.beside, arguments.rounds)
    print(f"{'way':>12} {'clients':>8} {'p50 ms':>8} {'p99 ms':>8} {'answers/s':>10}")
    for (way, clients), (seconds, walls) in found.items():
        p50, p99 = np.percentile(np.array(seconds) * 1000, [50, 99])
        print(f"{way:>12} {clients:>8} {p50:>8.2f} {p99:>8.2f} {len(seconds) / sum(walls):>10.0f}")
    print(f"{hardware()}, load {os.getloadavg()[0]:.1f}")


Timed = dict[tuple[str, int], tuple[list[float], list[float]]]


def run(folder: Path, bundle: Path, beside: Path | None, rounds: int) -> Timed:
    """Seconds of each answer, and of each round as a whole, by way and clients."""
    read = read_bundle(bundle)
    path = RequestPath(read, ROUTING, "bench", "blue", "default")
    request = RecommendRequest.model_validate(_body(read, 0))
    (folder / "body.json").write_bytes(orjson.dumps(path.recommend(request, "bench").body()))
    checkouts = {"ours": HERE} | ({} if beside is None else {"beside": beside.absolute()})
    ports = {name: free_port() for name in ("bare", *checkouts)}
    found: Timed = {}
    with ExitStack() as servers:
        bare = [sys.executable, "-m", "uvicorn", "benchmarks.bare_asgi_app:app", "--port", str(ports["bare"])]
        quiet = ["--no-access-log", "--log-level", "error"]
        servers.enter_context(serving([*bare, *quiet], {"BARE_BODY": str(folder / "body.json")}, ports["bare"]))
        for name, checkout in checkouts.items():
            script = str(HERE / "benchmarks" / "slot_of_bundle.py")
            command = [sys.executable, script, str(folder / name), str(bundle), str(ports[name])]
            servers.enter_context(serving(command, {"PYTHONPATH": str(checkout)}, ports[name], checkout))
        number = 0
        for round_ in range(rounds + 1):
            for clients in CLIENTS:
                for name, port in ports.items():
                    wire = [_wire(read, number + each) for each in range(PER_ROUND)]
                    start = time.perf_counter()
                    seconds = measure(port, wire, clients)
                    if round_:  # the first one warms up
                        every, walls = found.setdefault((name, clients), ([], []))
                        every.extend(seconds)
                        walls.append(time.perf_counter() - start)
                number += PER_ROUND
    return found


def _wire(bundle: Bundle, number: int) -> bytes:
    return post_bytes("/recommend", _body(bundle, number))


def _body(bundle: Bundle, number: int) -> dict[str, object]:
    """A known user each, with two items of the catalogue in the cart; no two of the first 9,000 are alike."""
    users, items = bundle.user_ids, bundle.items.ids
    cart = [items[(number * step) % len(items)] for step in (1, 17)]
    return {"user_id": users[number % len(users)], "k": 10, "context": {"cart": cart}}


if __name__ == "__main__":
    main()
