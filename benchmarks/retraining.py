"""Measures a retraining stage by stage, as the flow runs it, on drawn interactions: seconds, processor seconds, memory.

`python -m benchmarks.retraining [--skewed 10000000] [--preset demo] [--stages ingest,split,train,index,evaluate,bundle]
[--folder FOLDER] [--out FILE] [--limit 20000]`. Without `--skewed` the interactions are the 519,000 of
`benchmarks.ordered_interactions`. Every stage is a process of its own in a folder of its own, with one thread of linear
algebra; `ingest` stands for reading and screening, and for what `prepare` makes of a data version. MB are the peak of
what a stage and all that it begins hold, where what they share counts once; over the limit the stage is ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import yaml

from benchmarks.ordered_interactions import draw_ordered
from benchmarks.skewed_interactions import draw_table
from components.adapters.files.params_file import read_params
from components.adapters.machine.held_memory import held_megabytes, with_descendants
from components.adapters.sources.dataset_files import read_dataset
from components.interactions.prepared import prepare
from components.params.overrides import with_preset
from stages.stage import PARAMS, PREPARED, write_table

PROJECT = Path.cwd()
STAGES = ("ingest", "split", "train", "index", "evaluate", "bundle")
SOURCE = "source.csv"
ORDERED = (5_400, 3_900, 519_000)
LOOK_SECONDS = 0.25


@click.command()
@click.option("--skewed", type=int, help="So many interactions of benchmarks.skewed_interactions.")
@click.option("--preset", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="As presets/demo.yaml.")
@click.option("--stages", default=",".join(STAGES), show_default=True)
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Kept, and gone on with.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--limit", default=20_000.0, show_default=True, help="MB.")
def main(
    skewed: int | None, preset: Path | None, stages: str, folder: Path | None, out: Path | None, limit: float
) -> None:
    """See the module."""
    with tempfile.TemporaryDirectory(prefix="recops-retraining-") as scratch:
        where = Path(scratch) if folder is None else folder
        where.mkdir(parents=True, exist_ok=True)
        params = read_params(PROJECT / PARAMS)
        params = params if preset is None else with_preset(params, yaml.safe_load(preset.read_text()))
        (where / PARAMS).write_text(yaml.safe_dump(params.model_dump(mode="json"), sort_keys=False))
        if not (where / SOURCE).is_file():
            (draw_ordered(*ORDERED) if skewed is None else draw_table(skewed)).to_csv(where / SOURCE, index=False)
        rows: list[dict[str, object]] = []
        for stage in stages.split(","):
            rows.append(measured(stage, where, limit))
            click.echo(json.dumps(rows[-1]))
            if out is not None:
                out.write_text(json.dumps(rows, indent=1) + "\n")
            if rows[-1]["exit"]:
                break


def measured(stage: str, folder: Path, limit: float) -> dict[str, object]:
    """What one stage took."""
    module = [__spec__.name, "--ingest"] if stage == "ingest" else [f"stages.{stage}"]
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    home = {"PYTHONPATH": str(PROJECT), "RECOPS_PROJECT": str(PROJECT), "RECOPS_HOME": str(folder / "home")}
    start, before, peak = time.perf_counter(), os.times(), 0.0
    process = subprocess.Popen([sys.executable, "-m", *module], cwd=folder, env={**os.environ, **threads, **home})
    while process.poll() is None:
        peak = max(peak, held_megabytes(with_descendants(process.pid)))
        if peak > limit:
            for pid in reversed(with_descendants(process.pid)):
                os.kill(pid, 9)
        time.sleep(LOOK_SECONDS)
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return {
        "stage": stage,
        "seconds": round(time.perf_counter() - start, 1),
        "processor": round(processor, 1),
        "MB": round(peak),
        "exit": process.returncode,
    }


def ingest() -> str:
    """Reads and screens the source in the current folder, and prepares what `split` begins with."""
    params = read_params(PARAMS)
    dataset = read_dataset(SOURCE, None, {}, params.ingest)
    users = dataset.interactions[["user_id"]].drop_duplicates()
    prepared = prepare(dataset.interactions, dataset.items, users, params.prepare.positive_threshold)
    for name in ("interactions", "items", "users"):
        write_table(PREPARED, name, getattr(prepared, name))
    return (
        f"ingest: {len(prepared.interactions)} interactions, {len(prepared.users)} users, {len(prepared.items)} items"
    )


if __name__ == "__main__":
    if "--ingest" in sys.argv:
        print(ingest(), flush=True)
    else:
        main()
