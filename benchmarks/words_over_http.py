"""Times answers to queries in words over HTTP: `python -m benchmarks.words_over_http BUNDLE`.

BUNDLE is the folder of a trained pipeline, such as `.recops/pipeline/artifacts/bundle`; its slot is started, and one
client asks each query (benchmarks/words_paraphrases.jsonl) as a stranger of its own, so that no answer is kept. Besides
wall time the processor time of the slot an answer is shown, which other work on the machine hardly changes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil

from benchmarks.answer_latency import free_port, hardware, serving
from benchmarks.keep_alive_client import measure, post_bytes
from benchmarks.words import PARAPHRASES

HERE = Path(__file__).parents[1]


def main() -> None:
    """Parses the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--queries", type=Path, default=PARAPHRASES, help="a file with one query a line")
    parser.add_argument("--rounds", type=int, default=5, help="how often each query is asked")
    arguments = parser.parse_args()
    queries = [json.loads(line) for line in arguments.queries.read_text().splitlines() if line.strip()]
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        port = free_port()
        script = str(HERE / "benchmarks" / "slot_of_bundle.py")
        command = [sys.executable, script, str(Path(folder) / "home"), str(arguments.bundle.absolute()), str(port)]
        with serving(command, {"PYTHONPATH": str(HERE)}, port, HERE):
            seconds, processor = [], 0.0
            for round_ in range(arguments.rounds + 1):
                wire = [_wire(query, f"stranger-{round_}-{n}") for n, query in enumerate(queries)]
                before = _processor_seconds(folder)
                took = measure(port, wire, 1)
                if round_:  # the first one warms up
                    seconds += took
                    processor += _processor_seconds(folder) - before
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    each = processor / len(seconds) * 1000
    print(f"{len(queries)} queries, {len(seconds)} answers: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    print(f"processor time of the slot {each:.1f} ms an answer; {hardware()}, load {os.getloadavg()[0]:.1f}")


def _wire(query: dict[str, str], user_id: str) -> bytes:
    said = {"profile": {"text": query["q"]}} if query.get("field") == "profile" else {"context": {"query": query["q"]}}
    return post_bytes("/recommend", {"user_id": user_id, **said})


def _processor_seconds(folder: str) -> float:
    """Of all processes that serve from `folder`."""
    total = 0.0
    for process in psutil.process_iter():
        try:
            if process.environ().get("RECOPS_HOME", "").startswith(folder):
                times = process.cpu_times()
                total += times.user + times.system
        except (psutil.Error, OSError):
            continue
    return total


if __name__ == "__main__":
    main()
