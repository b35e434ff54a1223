"""Evidently's report on a window: the mean of our NDCG, and how far distributions have moved; kept as JSON, and in the
workspace that its UI shows.

Evidently's own ranking metrics are not used: they label ranks one off, and know only the relevant items in the rows
they are given. It gets the NDCG of each request as a column.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitoring.drift.columns import CATEGORY, NUMBERS

NDCG = "ndcg_at_10"
PROJECT = "recops"
MIN_ROWS = 20
"""Fewer rows on a side give no distribution to compare."""


DECIMALS = 9
"""Of an NDCG: sums end in noise far behind, and no histogram can be drawn over values that differ by that alone."""


@dataclass(frozen=True)
class Reported:
    """What the report found, and where it lies.

    Attributes:
        mean_ndcg: Evidently's figure over all requests of the window; NaN without any.
        drift: PSI by column.
        failed_tests: in Evidently's words.
        missing: share of the items shown that have no category.
    """

    mean_ndcg: float
    drift: Mapping[str, float]
    failed_tests: tuple[str, ...]
    path: Path | None
    missing: float = math.nan


def write_report(
    folder: Path,
    name: str,
    at: float,
    ndcg: NDArray[np.float64],
    reference_ndcg: NDArray[np.float64],
    columns: pd.DataFrame,
    reference: pd.DataFrame,
    figures: Mapping[str, float],
    max_drop: float,
) -> Reported:
    """Run the report, keep its JSON as `name`.json in `folder`/reports, and add it to the workspace.

    Args:
        at: the end of the window; where the point stands in the UI's trends.
        figures: numbers of ours that are shown as trends beside it.
        max_drop: of the mean NDCG, for Evidently's own test; the rule that alerts is a stricter one.
    """
    if not len(ndcg):
        return Reported(math.nan, {}, (), None)
    ndcg, reference_ndcg = np.round(ndcg, DECIMALS), np.round(reference_ndcg, DECIMALS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Evidently's imports warn of deprecations in what it uses
        from evidently import DataDefinition, Dataset, Report
        from evidently.metrics import MeanValue, ValueDrift
        from evidently.tests import Reference, gte

        compare = [each for each in (*NUMBERS, CATEGORY) if _both(columns[each], reference[each])]
        against = len(reference_ndcg) > 0
        test = [gte(Reference(relative=max_drop))] if against else []
        quality = _dataset(Dataset, DataDefinition, pd.DataFrame({NDCG: ndcg}))
        before = _dataset(Dataset, DataDefinition, pd.DataFrame({NDCG: reference_ndcg})) if against else None
        metrics: list[Any] = [MeanValue(column=NDCG, tests=test)]
        if against and min(len(ndcg), len(reference_ndcg)) >= MIN_ROWS:
            metrics.append(ValueDrift(column=NDCG, method="wasserstein"))
        when = datetime.fromtimestamp(at, UTC)
        snapshots = [Report(metrics, include_tests=True, tags=["quality"]).run(quality, before, timestamp=when)]
        if compare:
            both = [_dataset(Dataset, DataDefinition, frame[compare]) for frame in (columns, reference)]
            drifts = [ValueDrift(column=column, method="psi") for column in compare]
            snapshots.append(Report(drifts, tags=["drift"]).run(*both, timestamp=when))
        if shown := {key: value for key, value in figures.items() if math.isfinite(value)}:
            means = [MeanValue(column=key, tests=[]) for key in shown]
            trend = _dataset(Dataset, DataDefinition, pd.DataFrame([shown]))
            snapshots.append(Report(means, tags=["figures"]).run(trend, None, timestamp=when))
        _add_to_workspace(folder / "workspace", snapshots, compare, list(shown))
    dicts = [snapshot.dict() for snapshot in snapshots]
    values = {metric["metric_name"]: metric["value"] for each in dicts for metric in each["metrics"]}
    drift = {column: _value(values, f"ValueDrift(column={column},") for column in compare}
    failed = tuple(test["description"] for each in dicts for test in each["tests"] if test["status"] == "FAIL")
    path = folder / "reports" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([json.loads(snapshot.json()) for snapshot in snapshots]))
    return Reported(_value(values, f"MeanValue(column={NDCG}"), drift, failed, path)


def _dataset(kind: Any, definition: Any, frame: pd.DataFrame) -> Any:
    numbers = [name for name in frame if name != CATEGORY]
    words = [name for name in frame if name == CATEGORY]
    return kind.from_pandas(frame, data_definition=definition(numerical_columns=numbers, categorical_columns=words))


def _both(current: pd.Series[Any], reference: pd.Series[Any]) -> bool:
    return min(int(current.notna().sum()), int(reference.notna().sum())) >= MIN_ROWS


def _value(values: Mapping[str, Any], begins: str) -> float:
    found = [value for name, value in values.items() if name.startswith(begins)]
    return float(found[0]) if found else math.nan


def _add_to_workspace(folder: Path, snapshots: Sequence[Any], drift: Sequence[str], figures: Sequence[str]) -> None:
    """Add the snapshots to the project, which is made with its panels when it is not there."""
    from evidently.sdk.models import PanelMetric
    from evidently.sdk.panels import line_plot_panel
    from evidently.ui.workspace import Workspace

    workspace = Workspace.create(str(folder))
    found = workspace.search_project(PROJECT)
    project = found[0] if found else workspace.create_project(PROJECT, "Quality and drift of recommendations")
    have = {panel.title for panel in project.dashboard.model().panels}

    def panel(title: str, metrics: Sequence[tuple[str, dict[str, str], str]]) -> None:
        if title not in have and metrics:
            lines = [
                PanelMetric(legend=legend, metric=metric, metric_labels=labels) for metric, labels, legend in metrics
            ]
            project.dashboard.add_panel(line_plot_panel(title=title, values=lines, size="half"))

    panel("NDCG@10", [("MeanValue", {"column": NDCG}, "all requests")])
    for title, names in PANELS.items():
        panel(title, [("MeanValue", {"column": name}, name) for name in names if name in figures])
    panel("Drift (PSI)", [("ValueDrift", {"column": name}, name) for name in drift])
    for snapshot in snapshots:
        workspace.add_run(project.id, snapshot, include_data=False)


PANELS = {
    "Engagement": ("ctr", "hit_rate", "conversion"),
    "Variety": ("coverage", "diversity"),
    "Novelty, bits": ("novelty",),
    "Latency, ms": ("latency_p50", "latency_p95", "latency_p99"),
    "Requests": ("requests",),
}
