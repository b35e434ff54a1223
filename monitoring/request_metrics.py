"""Counts and times requests for Prometheus; every label has few values, none of which a client can choose."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
OTHER = "other"
"""The endpoint label of every path that is not ours."""


class RequestMetrics:
    """The metrics of one service process, in a registry of their own.

    Args:
        release, slot, variant: who is answering.
        written, dropped: read request rows stored and lost so far.
    """

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(
        self, release: str, slot: str, variant: str, written: Callable[[], int], dropped: Callable[[], int]
    ) -> None:
        self.registry = CollectorRegistry()
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
        self._feedback = Counter("recops_feedback_events", "Feedback events.", ("outcome",), registry=self.registry)
        log_rows = Gauge("recops_request_log_rows", "Request rows by fate.", ("fate",), registry=self.registry)
        log_rows.labels("written").set_function(written)
        log_rows.labels("dropped").set_function(dropped)

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        """One request was answered; `endpoint` is one of ours or `OTHER`."""
        self._requests.labels(endpoint, status).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def recommended(self, route: str) -> None:
        """A list was made by `route`."""
        self._routes.labels(route).inc()

    def stored_feedback(self, accepted: int, duplicates: int) -> None:
        """A feedback post was committed."""
        self._feedback.labels("accepted").inc(accepted)
        self._feedback.labels("duplicate").inc(duplicates)

    def page(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)
