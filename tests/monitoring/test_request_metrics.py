"""What Prometheus is told."""

from __future__ import annotations

from components.adapters.store.traffic.request_log import LogCounts
from monitoring.request_metrics import OTHER, RequestMetrics


def test_the_page_counts_what_happened() -> None:
    metrics = RequestMetrics(
        "release-1", "blue", "default", lambda: {"requests": LogCounts(written=7, dropped=2, waiting=1)}
    )
    metrics.answered("/recommend", 200, 0.002)
    metrics.answered("/recommend", 200, 0.2)
    metrics.answered(OTHER, 404, 0.001)
    metrics.recommended("cf", {"candidates": 1.5, "total": 2.0})
    metrics.stored_feedback(accepted=3, duplicates=1)
    lines = metrics.page().decode().splitlines()
    for line in (
        'recops_release{release="release-1",slot="blue",variant="default"} 1.0',
        'recops_requests_total{endpoint="/recommend",status="200"} 2.0',
        'recops_requests_total{endpoint="other",status="404"} 1.0',
        'recops_request_seconds_bucket{endpoint="/recommend",le="0.0025"} 1.0',
        'recops_request_seconds_count{endpoint="/recommend"} 2.0',
        'recops_recommendations_total{route="cf"} 1.0',
        'recops_stage_seconds_bucket{le="0.0025",stage="candidates"} 1.0',
        'recops_feedback_events_total{outcome="accepted"} 3.0',
        'recops_feedback_events_total{outcome="duplicate"} 1.0',
        'recops_log_rows{fate="written",table="requests"} 7.0',
        'recops_log_rows{fate="dropped",table="requests"} 2.0',
        'recops_log_rows{fate="waiting",table="requests"} 1.0',
    ):
        assert line in lines


def test_two_services_in_one_process_count_apart() -> None:
    first = RequestMetrics("a", "blue", "default", dict)
    second = RequestMetrics("b", "green", "default", dict)
    first.recommended("cf", {"total": 1.0})
    assert b'route="cf"' not in second.page()
