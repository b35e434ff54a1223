"""Logs a reading of an experiment as an MLflow run: what was declared, what was found, plots and the page."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.adapters.mlflow.figure import make_figure

EXPERIMENT = "recops-experiments"
COLOURS = ("#6b7280", "#2563eb", "#d97706", "#059669", "#9333ea")
WIDEST = 1.5
"""Share of the control at which the plot of intervals is cut off."""
SEEN = {"better": "#047857", "unharmed": "#047857", "worse": "#b91c1c", "harmed": "#b91c1c"}


@dataclass(frozen=True)
class Bar:
    """An interval in the plot of intervals, as shares of the control's mean."""

    label: str
    low: float
    value: float
    high: float
    verdict: str


@dataclass(frozen=True)
class ReadingRecord:
    """What is logged; `files` are texts by name, `entered` cumulative users by variant at `entered_at` (seconds)."""

    run_name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    files: Mapping[str, str]
    bars: Sequence[Bar]
    entered_at: Sequence[float]
    entered: Mapping[str, Sequence[int]]


def log_reading(tracking_url: str, record: ReadingRecord) -> str:
    """Logs everything in one run; returns its id."""
    import mlflow

    mlflow.set_tracking_uri(tracking_url)
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=record.run_name, tags=dict(record.tags)) as active:
        mlflow.log_params(dict(record.params))
        mlflow.log_metrics(dict(record.metrics))
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            for name, text in record.files.items():
                (folder / name).write_text(text)
            (folder / "plots").mkdir()
            draw_intervals(record.bars, record.run_name).savefig(folder / "plots" / "intervals.png")
            draw_entries(record.entered_at, record.entered, record.run_name).savefig(folder / "plots" / "users.png")
            mlflow.log_artifacts(str(folder))
        return str(active.info.run_id)


def draw_intervals(bars: Sequence[Bar], subject: str) -> Any:
    """Each comparison with the control as an interval, the first on top."""
    figure, axes = _figure(f"Difference from the control: {subject}", height=1.6 + 0.42 * max(3, len(bars)))
    for place, bar in enumerate(reversed(bars)):
        colour = SEEN.get(bar.verdict, "#b45309")
        axes.plot([bar.low, bar.high], [place, place], color=colour, linewidth=3, alpha=0.5, solid_capstyle="butt")
        axes.plot([bar.value], [place], "|", color=colour, markersize=14, markeredgewidth=2.5)
    axes.axvline(0, color="#9ca3af", linewidth=1)
    reach = min(WIDEST, max([0.05, *(abs(end) for bar in bars for end in (bar.low, bar.high))]) * 1.05)
    axes.set_xlim(-reach, reach)
    axes.set_yticks(range(len(bars)), [bar.label for bar in reversed(bars)])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+.0%}")
    axes.set_xlabel("share of the control's mean")
    if not bars:
        axes.text(0.5, 0.5, "nothing may be compared yet", ha="center", transform=axes.transAxes, color="#6b7280")
    return figure


def draw_entries(entered_at: Sequence[float], entered: Mapping[str, Sequence[int]], subject: str) -> Any:
    """Users who entered each variant, over time."""
    figure, axes = _figure(f"Users who entered: {subject}", height=3.6)
    hours = [(moment - entered_at[0]) / 3600 for moment in entered_at]
    for (name, counts), colour in zip(entered.items(), COLOURS * (1 + len(entered)), strict=False):
        axes.step(hours, counts, where="post", color=colour, linewidth=2, label=f"{name}: {counts[-1]:,}")
    axes.set_xlabel("hours since the start")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure


def _figure(title: str, height: float) -> tuple[Any, Any]:
    figure, axes = make_figure("x", 8.5, height)
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return figure, axes
