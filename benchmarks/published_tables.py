"""Remakes ours beside published rows: `python -m benchmarks.published_tables FOLDER [--budget SECONDS] [--only FILE]`.

FOLDER holds the data, under the names that the rows of `benchmarks/tables/` give; a row whose data is not there is left
out. Each data set is compared once, with the defaults of `recops benchmark`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

TABLES = Path(__file__).parent / "tables"
METRIC = "ndcg_at_10"


@dataclass(frozen=True)
class PublishedRow:
    """A row of somebody's table: `ndcg_at_10` of `model` on the file `data`, by `protocol`, read off `source`."""

    model: str
    data: str
    protocol: str
    ndcg_at_10: float
    source: str
    date: Any


def published(folder: Path) -> list[PublishedRow]:
    """The rows of a folder of YAML files, by data, protocol and quality."""
    rows = [PublishedRow(**yaml.safe_load(path.read_text())) for path in folder.glob("*.yaml")]
    return sorted(rows, key=lambda row: (row.data, row.protocol, row.ndcg_at_10))


def beside(rows: list[PublishedRow], ours: Mapping[str, Any]) -> Iterator[str]:
    """Lines of a table: theirs and ours, the best last."""
    levels = [(row.ndcg_at_10, f"{row.model} ({row.date})", "") for row in rows]
    for row in ours["rows"]:
        interval = f"{row[f'{METRIC}_low']:.4f} to {row[f'{METRIC}_high']:.4f}"
        levels.append((row[METRIC], f"ours: {row['model']}", interval))
    for level, name, interval in sorted(levels):
        yield f"| {name} | {level:.4f} | {interval} |"


def main() -> None:
    """Parses the command line, compares and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--budget", type=float, default=300.0)
    parser.add_argument("--only", help="the file of one data set")
    asked = parser.parse_args()
    for (data, protocol), group in groupby(published(TABLES), key=lambda row: (row.data, row.protocol)):
        found = next(iter(asked.folder.rglob(data)), None)
        if found is None or asked.only not in (None, data):
            continue
        with tempfile.TemporaryDirectory(prefix="recops-tables-") as folder:
            out = Path(folder) / "out.json"
            command = [sys.executable, "-m", "cli", "benchmark", "--interactions", str(found), "--protocol", protocol]
            subprocess.run([*command, "--budget", str(asked.budget), "--out", str(out)], check=True)
            print(f"\n{data}, {protocol}\n\n| model | NDCG@10 | interval |\n|---|---:|---|")
            print("\n".join(beside(list(group), json.loads(out.read_text()))))


if __name__ == "__main__":
    main()
