"""Lists what Prometheus finds at a slot and in the file that the monitor writes, from the objects that count."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.parser import text_string_to_metric_families

from monitoring.cache_metrics import CacheMetrics
from monitoring.llm_metrics import LlmMetrics
from monitoring.quality_metrics import write_quality_metrics
from monitoring.request_metrics import RequestMetrics
from reference.markdown import code, table

INTRODUCTION = """# Metrics

For Prometheus. Each slot has its own at `/metrics`; the monitor's are a file for the textfile collector of the node
exporter, written anew after each run. Counters are exposed with `_total` behind their name.
"""


def slot_metrics() -> list[Metric]:
    """What a slot exposes, apart from what every process does."""
    registry = CollectorRegistry()
    RequestMetrics("release-1", "blue", "default", dict, registry)
    CacheMetrics(registry, lambda: (0, 0.0), lambda: 0, lambda: 0, lambda: 0)
    LlmMetrics(registry, ["cheap"])
    return [metric for metric in registry.collect() if metric.name.startswith("recops_")]


def monitor_metrics() -> list[Metric]:
    """What a monitor run writes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recops.prom"
        write_quality_metrics(file, {"ndcg_at_10": 0.1}, [], {"mail": 0}, {("monitor", "COMPLETED"): 1}, 0.0)
        return list(text_string_to_metric_families(file.read_text()))


def metrics_page() -> str:
    """The page of all metrics."""
    return "\n".join(
        (INTRODUCTION, "## Of a slot\n", _table(slot_metrics()), "## Of the monitor\n", _table(monitor_metrics()))
    )


def _table(metrics: Iterable[Metric]) -> str:
    return table(
        ("metric", "type", "meaning"),
        (
            (code(metric.name), metric.type, metric.documentation)
            for metric in sorted(metrics, key=lambda each: each.name)
        ),
    )
