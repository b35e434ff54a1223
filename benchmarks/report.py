"""What the benchmarks of speed share: their command line, their table, and the hardware beside every number."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

Row = dict[str, float | int | str]


@dataclass(frozen=True)
class Report:
    """Rows with the same keys, and lines that say what they do not."""

    title: str
    rows: list[Row]
    notes: tuple[str, ...] = ()


def report_main(description: str | None, run: Callable[[bool], Report]) -> None:
    """Parses the command line, runs `run(full)`, and prints its report as an aligned table or as JSON."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--full", action="store_true", help="the sizes of docs/measurements.md instead of quick ones")
    arguments = parser.parse_args()
    report = run(arguments.full)
    if arguments.json:
        body = {"title": report.title, "hardware": hardware(), "rows": report.rows, "notes": report.notes}
        print(json.dumps(body, indent=1))
    else:
        print("\n".join(lines(report)))


def lines(report: Report) -> Iterator[str]:
    """The report as text: title, aligned columns (numbers to the right), notes, hardware."""
    yield report.title
    columns = list(dict.fromkeys(name for row in report.rows for name in row))
    cells = [[_cell(row.get(name, "")) for name in columns] for row in report.rows]
    widths = [max(len(cell) for cell in column) for column in zip(columns, *cells, strict=True)]
    is_text = [any(isinstance(row.get(name), str) for row in report.rows) for name in columns]
    for line in [columns, *cells]:
        padded = (
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(line, widths, is_text, strict=True)
        )
        yield "  ".join(padded).rstrip()
    yield from report.notes
    yield hardware()


def hardware() -> str:
    """Processor model, cores, Python version, and how busy the machine was in the last minute."""
    path = Path("/proc/cpuinfo")
    models = [line for line in path.read_text().splitlines() if line.startswith("model name")] if path.exists() else []
    model = models[0].partition(":")[2].strip() if models else "unknown processor"
    load = f"load average {os.getloadavg()[0]:.1f}"
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {load}"


def in_turns(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each way. They take turns, so that a change of the machine's speed meets them all.

    One turn more comes first and is not counted.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(rounds + 1):
        for name, way in ways.items():
            start = perf_counter()
            way()
            if round_:
                seconds[name].append(perf_counter() - start)
    return {name: sorted(values)[len(values) // 2] for name, values in seconds.items()}


@contextmanager
def blas_threads(n: int) -> Iterator[None]:
    """Keeps the linear algebra of numpy and scipy to `n` threads meanwhile."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(n, "blas"):
        yield


def _cell(value: float | int | str) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else value
