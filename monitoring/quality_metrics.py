"""Writes what a monitor run found as a file for Prometheus, by way of the node exporter's textfile collector."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from components.adapters.store.alerts.incidents import Alert

SEVERITIES = ("info", "warning", "critical")


def write_quality_metrics(
    path: Path,
    figures: Mapping[str, float],
    open_alerts: Sequence[Alert],
    waiting: Mapping[str, int],
    flow_runs: Mapping[tuple[str, str], int],
    now: float,
) -> None:
    """Replace the file as a whole.

    Args:
        figures: of the newest window; what is NaN is left out.
        waiting: messages not delivered yet, by channel.
        flow_runs: runs of the last 24 hours by flow and state.
    """
    registry = CollectorRegistry()
    quality = Gauge("recops_quality", "Figures of the newest closed window.", ("figure",), registry=registry)
    for name, value in figures.items():
        if math.isfinite(value):
            quality.labels(name).set(value)
    alerts = Gauge("recops_alerts_open", "Open incidents.", ("severity",), registry=registry)
    for severity in SEVERITIES:
        alerts.labels(severity).set(sum(alert.severity == severity for alert in open_alerts))
    messages = Gauge("recops_alert_messages_waiting", "Messages not delivered yet.", ("channel",), registry=registry)
    for channel, count in waiting.items():
        messages.labels(channel).set(count)
    runs = Gauge("recops_flow_runs", "Flow runs of the last 24 hours.", ("flow", "state"), registry=registry)
    for (flow, state), count in flow_runs.items():
        runs.labels(flow, state).set(count)
    Gauge("recops_monitor_run_timestamp_seconds", "When the monitor last ran.", registry=registry).set(now)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry)
