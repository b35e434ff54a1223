"""Counts and times requests for Prometheus; every label has few values, none of which a client can choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from components.adapters.store.traffic.request_log import LogCounts

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
OTHER = "other"
"""The endpoint label of every path that is not ours."""


class RequestMetrics:
    """The metrics of one service process, in a registry of their own.

    Args:
        release, slot, variant: who is answering.
        log_counts: reads what became of the best-effort rows of each table so far.
        registry: where they are, beside those of others.
    """

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(
        self,
        release: str,
        slot: str,
        variant: str,
        log_counts: Callable[[], Mapping[str, LogCounts]],
        registry: CollectorRegistry | None = None,
    ) -> None:
        self.registry = registry or CollectorRegistry()
        ProcessCollector(registry=self.registry)
        info = Gauge(
            "recops_release", "The release that answers.", ("release", "slot", "variant"), registry=self.registry
        )
        info.labels(release, slot, variant).set(1)
        self._requests = Counter(
            "recops_requests", "Answered requests.", ("endpoint", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "recops_request_seconds", "Time to answer.", ("endpoint",), buckets=SECONDS, registry=self.registry
        )
        self._routes = Counter("recops_recommendations", "Lists by route.", ("route",), registry=self.registry)
        self._stages = Histogram(
            "recops_stage_seconds", "Time of a stage of an answer.", ("stage",), buckets=SECONDS, registry=self.registry
        )
        self._feedback = Counter("recops_feedback_events", "Feedback events.", ("outcome",), registry=self.registry)
        self.registry.register(_LogRows(log_counts))

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        """One request was answered; `endpoint` is one of ours or `OTHER`."""
        self._requests.labels(endpoint, status).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def recommended(self, route: str, timings_ms: Mapping[str, float]) -> None:
        """A list was made by `route`; its stages took so long, in milliseconds."""
        self._routes.labels(route).inc()
        for stage, milliseconds in timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)

    def stored_feedback(self, accepted: int, duplicates: int, refused: int = 0) -> None:
        """A feedback post was committed, but for `refused` events that were wrong."""
        self._feedback.labels("accepted").inc(accepted)
        self._feedback.labels("duplicate").inc(duplicates)
        self._feedback.labels("refused").inc(refused)

    def page(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)


class _LogRows(Collector):
    """The rows that are logged best effort, by table and fate."""

    def __init__(self, log_counts: Callable[[], Mapping[str, LogCounts]]) -> None:
        self._log_counts = log_counts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        rows = GaugeMetricFamily("recops_log_rows", "Best-effort rows by table and fate.", labels=("table", "fate"))
        for table, counts in self._log_counts().items():
            rows.add_metric((table, "written"), counts.written)
            rows.add_metric((table, "dropped"), counts.dropped)
            rows.add_metric((table, "waiting"), counts.waiting)
        yield rows
