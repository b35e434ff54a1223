"""Measures Spark beside the local path, step by step, on the same generated interactions in the same run.

Run it with `python -m benchmarks.spark_scale [--json] [--full]`: 200,000 interactions, or 10 million; for others with
`N MASTER MEMORY` in place of options. Writes only into a temporary folder. Seconds are those of the clock, with
reading and writing, CPU seconds those of all processes, MB the most that they hold together, with shared pages once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from benchmarks.report import Report, Row, lines, report_main
from benchmarks.skewed_interactions import draw_table
from components.adapters.files.params_file import read_params

K = 10
SHARE = 0.2
POLL_SECONDS = 0.5
STEPS = ("screen", "split", "train", "evaluate", "train on everything", "answer everybody")


def main() -> None:
    """Parses the command line, measures and prints."""
    report_main(__doc__, lambda full: run(10_000_000 if full else 200_000))


def run(n: int, master: str = "local[2]", memory: str = "6g") -> Report:
    """One row per step, Spark beside the local path; both answer from the same neighbours of items."""
    with tempfile.TemporaryDirectory(prefix="recops-spark-scale-") as folder:
        draw_table(n).to_parquet(Path(folder) / "source.parquet", index=False)
        found = {name: _child(name, folder, master, memory) for name in ("spark", "local")}
    rows: list[Row] = []
    for step in STEPS:
        row: Row = {"step": step}
        for name, measured in found.items():
            row |= {f"{name} {kind}": value for kind, value in measured["steps"][step].items()}
        rows.append(row)
    notes = tuple(f"{name}: {measured['said']}" for name, measured in found.items())
    return Report(f"{n:,} interactions, item-to-item, {master} with a driver of {memory}", rows, notes)


def _child(name: str, folder: str, master: str, memory: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.spark_scale", f"--{name}", folder, master, memory]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class Watch:
    """Seconds, CPU seconds and the most MB of this process and all below it, by step."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, float]] = {}
        self._peak, self._began, self._cpu = 0.0, time.perf_counter(), _cpu_seconds()
        threading.Thread(target=self._look, daemon=True).start()

    def step(self, name: str) -> None:
        """What has been since the last one was `name`."""
        now, cpu = time.perf_counter(), _cpu_seconds()
        self.steps[name] = {
            "s": round(now - self._began, 1),
            "CPU s": round(cpu - self._cpu, 1),
            "MB": round(self._peak),
        }
        print(name, self.steps[name], file=sys.stderr, flush=True)
        self._peak, self._began, self._cpu = 0.0, now, cpu

    def _look(self) -> None:
        while True:
            self._peak = max(self._peak, sum(map(_own_megabytes, _processes())))
            time.sleep(POLL_SECONDS)


def _processes() -> list[psutil.Process]:
    me = psutil.Process()
    return [me, *me.children(recursive=True)]


def _cpu_seconds() -> float:
    total = 0.0
    for process in _processes():
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:
            continue
    return total


def _own_megabytes(process: psutil.Process) -> float:
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("Pss:")), 0.0)


def on_spark(folder: Path, master: str, memory: str) -> str:
    """The whole of `recops spark`."""
    from components.adapters.spark.session import SparkPlace
    from components.recommenders.item_to_item import ItemToItemConfig
    from jobs.spark.run import SparkRun, run_on_spark

    params, watch = read_params(Path("params.yaml")), Watch()
    threshold = params.prepare.positive_threshold
    asked = SparkRun(
        str(folder / "source.parquet"), folder / "spark", ItemToItemConfig(), params.ingest, threshold, k=K
    )
    report = run_on_spark(asked, SparkPlace(master, memory), lambda step, _: watch.step(step))
    return json.dumps({"steps": watch.steps, "said": report["metrics"]})


def locally(folder: Path, *_: str) -> str:
    """The same steps by the local path, in one process."""
    from components.interactions.prepared import prepare
    from components.interactions.screening import screen
    from components.interactions.source import SourceTables
    from components.metrics.beyond_accuracy import coverage, exposure
    from components.metrics.evaluate import evaluate
    from components.recommenders.item_to_item import ItemToItem, ItemToItemConfig
    from components.recommenders.training_data import training_data
    from components.retrieval.top_k_all import top_k_of_rows
    from components.splitting.temporal import split_per_user

    params, watch = read_params(Path("params.yaml")), Watch()
    screened = screen(SourceTables(pd.read_parquet(folder / "source.parquet"), None, None, {}), params.ingest)
    screened.interactions.to_parquet(folder / "interactions.parquet", index=False)
    watch.step("screen")
    whole = prepare(screened.interactions, screened.items, screened.users, params.prepare.positive_threshold)
    parts = split_per_user(whole.interactions, SHARE)
    parts.train.to_parquet(folder / "train.parquet", index=False)
    parts.test.to_parquet(folder / "test.parquet", index=False)
    train, test = (training_data(part, whole.items, whole.users) for part in (parts.train, parts.test))
    watch.step("split")
    fitted = ItemToItem(ItemToItemConfig()).fit(train, 0)
    watch.step("train")
    result = evaluate(fitted, train.seen, test.positives, K)
    watch.step("evaluate")
    data = training_data(whole.interactions, whole.items, whole.users)
    fitted = ItemToItem(ItemToItemConfig()).fit(data, 0)
    fitted.save(folder / "model")
    watch.step("train on everything")
    lists = []
    for start in range(0, fitted.n_users, 256):
        users = np.arange(start, min(start + 256, fitted.n_users))
        lists.append(top_k_of_rows(fitted.scores(users), K, data.seen[users]))
    items, scores = (np.concatenate(part) for part in zip(*lists, strict=True))
    named = pd.DataFrame(
        {
            "user_id": np.repeat(np.array(data.user_ids, object), K),
            "rank": np.tile(np.arange(1, K + 1), len(items)),
            "item_id": np.array(data.item_ids, object)[items.ravel()],
            "score": scores.ravel(),
        }
    )
    named.to_parquet(folder / "lists.parquet", index=False)
    watch.step("answer everybody")
    metrics = {
        "ndcg_at_10": float(result.ndcg.mean()),
        "recall_at_10": float(result.recall.mean()),
        "hit_rate_at_10": float(result.hit_rate.mean()),
        "coverage": coverage(exposure(result.lists, len(data.item_ids))),
        "n_users": len(result.users),
    }
    return json.dumps({"steps": watch.steps, "said": metrics})


PATHS: dict[str, Callable[..., str]] = {"--spark": on_spark, "--local": locally}

if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in PATHS:
        print(PATHS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:]))
    elif len(sys.argv) > 2 and sys.argv[1].isdigit():
        print("\n".join(lines(run(int(sys.argv[1]), *sys.argv[2:4]))))
    else:
        main()
