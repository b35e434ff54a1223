"""Counts where answers came from, and shows what the cache and the prefetch hold, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

SOURCES = ("memory", "shared", "joined", "computed", "bypassed")


class CacheMetrics:
    """The metrics of one service process, in the registry of its others.

    Args:
        kept: reads how many answers are kept, and their bytes.
        failed, left_out: read calls of the shared cache that failed, and that were not made as it had failed lately.
        waiting: reads how many answers wait to be made ahead.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        kept: Callable[[], tuple[int, float]],
        failed: Callable[[], int],
        left_out: Callable[[], int],
        waiting: Callable[[], int],
    ) -> None:
        self._lookups = Counter(
            "recops_answer_lookups",
            "Recommendations by where they came from: memory and shared are hits, joined waited for another's.",
            ("source",),
            registry=registry,
        )
        for source in SOURCES:
            self._lookups.labels(source)
        gauges: dict[str, tuple[str, Callable[[], float]]] = {
            "recops_answers_kept": ("Answers in this process's cache.", lambda: kept()[0]),
            "recops_answers_kept_bytes": ("Their bytes.", lambda: kept()[1]),
            "recops_shared_cache_failures": ("Calls of the shared cache that failed.", failed),
            "recops_shared_cache_left_out": ("Calls not made, as the shared cache had failed lately.", left_out),
            "recops_prefetch_waiting": ("Answers that wait to be made ahead.", waiting),
        }
        for name, (text, read) in gauges.items():
            Gauge(name, text, registry=registry).set_function(read)

    def answered(self, source: str) -> None:
        """A recommendation came from one of `SOURCES`."""
        self._lookups.labels(source).inc()
