"""Measures peak memory and time of every stage as interactions grow tenfold, each stage in a process of its own.

Run it with `python -m benchmarks.scale [--json] [--full]`; writes only into a temporary folder (1.5 GB with --full). A
stage that needs more than `LIMIT_MB` is ended, and its row says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Report, Row, report_main
from benchmarks.scale_stages import STAGES, draw

LIMIT_MB = 8_000
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Measured:
    """Seconds of the stage without its imports, peak resident MB with them."""

    seconds: float
    peak_mb: float
    note: str


def main() -> None:
    """Parses the command line, measures and prints."""
    report_main(__doc__, run)


def run(full: bool) -> Report:
    """One row per stage: seconds and MB at both sizes, and how they grow."""
    sizes = (1_000_000, 10_000_000) if full else (50_000, 500_000)
    measured = {n: measure(n) for n in sizes}
    small, large = sizes
    rows: list[Row] = []
    for stage in measured[small]:
        first, second = measured[small][stage], measured[large].get(stage)
        row: Row = {"stage": stage, "s": first.seconds, "MB": round(first.peak_mb)}
        if second is not None:
            row |= {
                "10x s": second.seconds,
                "10x MB": round(second.peak_mb),
                "time grows": second.seconds / first.seconds,
                "MB grows": second.peak_mb / first.peak_mb,
                "note at 10x": second.note,
            }
        rows.append(row)
    return Report(
        f"Stages at {small:,} and {large:,} interactions; seconds with reading and writing, peak resident MB",
        rows,
        ("MB hold about 200 of imported libraries. draw makes the data and is no stage of the pipeline.",),
    )


def measure(n: int) -> dict[str, Measured]:
    """Every stage at `n` interactions, up to the first that fails."""
    results: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory(prefix="recops-scale-") as folder:
        for stage in (draw.__name__, *STAGES):
            results[stage] = measure_stage(stage, Path(folder), n)
            print(f"{n:,} {stage}: {results[stage]}", file=sys.stderr, flush=True)
            if results[stage].note.startswith("failed"):
                break
    return results


def measure_stage(stage: str, folder: Path, n: int) -> Measured:
    """Runs one stage; one that fails or grows past the limit (Linux) says so in its note."""
    command = [sys.executable, "-m", "benchmarks.scale_stages", stage, str(folder), str(n)]
    output = folder / "stage.json"
    peak, start = 0.0, time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file)
        while process.poll() is None:
            # VmHWM is the kernel's own peak, so nothing is missed between two looks.
            peak = max(peak, _peak_mb(process.pid))
            if peak > LIMIT_MB:
                process.kill()
            time.sleep(POLL_SECONDS)
    if process.returncode:
        reason = f"over {LIMIT_MB} MB" if peak > LIMIT_MB else f"exit {process.returncode}"
        return Measured(time.perf_counter() - start, peak, f"failed: {reason}")
    answer = json.loads(output.read_text().splitlines()[-1])
    return Measured(answer["seconds"], peak, answer["note"])


def _peak_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
