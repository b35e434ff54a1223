"""The page that a run of the fast rules leaves: what was judged, and the figures of the last minutes, as Markdown."""

from __future__ import annotations

from monitoring.alerting.message import moment, name_of
from monitoring.fast_look import FastLooked
from monitoring.rules.judge import Clear, Firing
from monitoring.summary import number, told_lines, verdict_row

SHOWN = (
    "requests",
    "gateway_requests",
    "error_share",
    "empty_share",
    "degraded_share",
    "cache_hit_rate",
    "latency_p50",
    "latency_p95",
    "latency_p99",
    "candidates_p95",
    "llm_p95",
    "llm_calls",
    "cost_usd",
    "live_slot_down",
    "standby_slot_down",
    "model_age_days",
    "data_age_days",
)


def describe_fast(looked: FastLooked, sent: int, failed: int, took: float) -> str:
    """The page; reads well on its own."""
    seen = looked.seen
    firing = sum(isinstance(verdict, Firing) for verdict in looked.verdicts)
    clear = sum(isinstance(verdict, Clear) for verdict in looked.verdicts)
    head = "nothing fires" if not firing else f"{firing} rules fire"
    lines = [
        f"# {moment(seen.start)}, {seen.seconds / 60:g} minutes: {head}",
        "",
        f"{seen.current['requests']:.0f} requests; {clear} rules hold, {len(looked.verdicts) - clear - firing} cannot"
        f" be judged. {took:.1f} s. Quality and drift are judged by monitor/default, once their horizon is over.",
        "",
        *told_lines(looked.told, sent, failed),
        "## Rules",
        "",
        "| rule | verdict | value | usual | limit | owner |",
        "|---|---|---:|---:|---:|---|",
        *(verdict_row(verdict, {}) for verdict in looked.verdicts),
        "",
        "## Figures",
        "",
        "| figure | now |",
        "|---|---:|",
        *(f"| {name_of(name)} | {number(seen.current.get(name))} |" for name in SHOWN),
    ]
    return "\n".join(lines) + "\n"
