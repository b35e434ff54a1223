"""How long an ingest of a file takes on one core, and the memory it needs, beside another checkout of the project.

`python -m benchmarks.ingest_speed [--full] [--beside FOLDER] [--json]`; FOLDER has a `.venv` of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

from benchmarks.report import Report, Row, hardware, lines
from benchmarks.skewed_interactions import draw_table

PROJECT = Path(__file__).parents[1]
CHILD = PROJECT / "benchmarks" / "ingest_child.py"
FULL, QUICK = (1_000_000, 10_000_000), (100_000,)


def measure(checkout: Path, file: Path) -> Row:
    """One ingest into a fresh home by the code and the environment of `checkout`."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "RECOPS_HOME": home, "PYTHONPATH": str(checkout), "DO_NOT_TRACK": "1"}
        command = [checkout / ".venv" / "bin" / "python", CHILD, file]
        done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"read_s": f"failed: {done.stderr.strip().splitlines()[-1]}"}
    found: Row = json.loads(done.stdout.splitlines()[-1])
    return found


def run(sizes: tuple[int, ...], beside: Path | None) -> Report:
    """A row for each size and checkout, the other one first."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        for size in sizes:
            file = Path(scratch) / "interactions.csv"
            draw_table(size).to_csv(file, index=False)
            for checkout in (*([beside] if beside else []), PROJECT):
                name = "this checkout" if checkout == PROJECT else checkout.name
                rows.append(
                    {"rows": size, "file_mb": file.stat().st_size / 1e6, "code": name, **measure(checkout, file)}
                )
    return Report("One ingest of a CSV on one core, from the file to the kept version", rows)


def main() -> None:
    """Parses the command line and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--full", action="store_true", help="a million and ten million rows")
    parser.add_argument("--beside", type=Path, help="another checkout")
    given = parser.parse_args()
    report = run(FULL if given.full else QUICK, given.beside and given.beside.resolve())
    if given.json:
        print(json.dumps({"title": report.title, "hardware": hardware(), "rows": report.rows}, indent=1))
    else:
        print("\n".join(lines(report)))


if __name__ == "__main__":
    main()
