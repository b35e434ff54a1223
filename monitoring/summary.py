"""The page that a monitor run leaves: what was judged, what fires, what was told, and the figures, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from components.quality.figures import Figures, figures
from components.quality.log import Group
from components.quality.sums import Sums, add_up
from monitoring.alerting.message import amount, moment, name_of
from monitoring.alerting.tell import IncidentChange
from monitoring.observe import live
from monitoring.rules.judge import Clear, Firing, Unjudged, Verdict
from monitoring.watch import Looked

SHOWN = (
    "requests",
    "users",
    "ndcg_all",
    "ndcg_engaged",
    "hit_rate",
    "ctr",
    "conversion",
    "revenue",
    "diversity",
    "coverage",
    "novelty",
    "staleness",
    "cache_hit_rate",
    "degraded_share",
    "latency_p50",
    "latency_p95",
    "latency_p99",
)
HEADLINE = ("ndcg_all", "hit_rate", "ctr", "coverage", "diversity", "latency_p95")
GROUPED = ("requests", "ndcg_all", "ndcg_engaged", "hit_rate", "ctr", "diversity", "latency_p95")
WEEK = 7 * 86_400.0


def describe(looked: Looked, n_items: int, sent: int, failed: int, took: float) -> str:
    """The page; reads well on its own."""
    seen = looked.seen
    firing = [verdict for verdict in looked.verdicts if isinstance(verdict, Firing)]
    clear = sum(isinstance(verdict, Clear) for verdict in looked.verdicts)
    head = "nothing fires" if not firing else f"{len(firing)} rules fire"
    lines = [
        f"# {moment(seen.start)}, {seen.seconds / 60:g} minutes: {head}",
        "",
        f"{seen.current.get('requests', 0):.0f} requests in the window; {clear} rules hold,"
        f" {len(looked.verdicts) - clear - len(firing)} cannot be judged. {looked.windows.read} requests were read,"
        f" {looked.windows.probes} of them probes that count nowhere. {took:.1f} s.",
        *(f"\n**{failure}**" for failure in looked.failures),
        "",
        *told_lines(looked.told, sent, failed),
        "## Rules",
        "",
        "| rule | verdict | value | usual | limit | owner |",
        "|---|---|---:|---:|---:|---|",
        *(verdict_row(verdict, seen.reference) for verdict in looked.verdicts),
        "",
        "## The window beside its reference",
        "",
        "| figure | now | usual |",
        "|---|---:|---:|",
        *(
            f"| {name_of(name)} | {number(seen.current.get(name))} | {number(seen.reference.get(name))} |"
            for name in SHOWN
        ),
        f"| CTR of the last 7 days | {number(_weekly_ctr(looked))} | |",
        f"| users of the week before last who came back | {number(seen.current.get('retention'))} | |",
        *(f"| revenue from {source} | {value:.2f} | |" for source, value in sorted(_revenue(looked).items())),
        "",
        "## By group",
        "",
        f"| group | {' | '.join(name_of(name) for name in GROUPED)} |",
        "|---" + "|---:" * len(GROUPED) + "|",
        *_groups(looked.windows.groups[-1], n_items),
        "",
        "## Trend of NDCG@10 over all requests",
        "",
        "| window | requests | NDCG@10 |",
        "|---|---:|---:|",
        *(
            f"| {moment(window.start)} | {window.n_requests:.0f} | {number(window.mean)} |"
            for window in seen.history.windows[-12:]
        ),
        "",
        f"Evidently's mean of NDCG@10 in this window: {number(looked.report.mean_ndcg)}."
        + "".join(f" {test}" for test in looked.report.failed_tests),
        "NDCG@10 (all requests) counts a request without engagement as 0; the engaged one leaves it out.",
    ]
    return "\n".join(lines) + "\n"


def headline(looked: Looked) -> list[str]:
    """What is worth a line in a terminal: the window, its figures beside the usual ones, and how many rules hold."""
    seen = looked.seen
    firing = sum(isinstance(verdict, Firing) for verdict in looked.verdicts)
    clear = sum(isinstance(verdict, Clear) for verdict in looked.verdicts)
    lines = [f"{moment(seen.start)}, {seen.seconds / 60:g} minutes: {number(seen.current.get('requests'))} requests"]
    for name in HEADLINE if seen.current.get("requests") else ():
        usual = f" (usual {number(seen.reference[name])})" if name in seen.reference else ""
        lines.append(f"{name_of(name)} {number(seen.current.get(name))}{usual}")
    return [*lines, f"{firing} rules fire, {clear} hold, {len(looked.verdicts) - firing - clear} cannot be judged"]


def told_lines(changes: Sequence[IncidentChange], sent: int, failed: int) -> list[str]:
    """What was told in this run, as lines of a page."""
    lines = []
    for told in changes:
        lines += [f"## {told.what.capitalize()}: {told.message.title}", "", "```", told.message.body, "```", ""]
    if sent or failed:
        lines += [f"{sent} messages were delivered; {failed} were not and will be tried again.", ""]
    return lines


def verdict_row(verdict: Verdict, reference: Mapping[str, float]) -> str:
    """A row of the table of rules; `reference` holds what is usual."""
    rule = verdict.rule
    usual = number(reference.get(rule.figure))
    limit = amount(rule.limit, rule.unit)
    said = f"not judged: {verdict.reason}" if isinstance(verdict, Unjudged) else "holds"
    if isinstance(verdict, Clear) and verdict.visible is not None:
        said += f"; a fall of {verdict.visible.fall:.0%} would be seen within {verdict.visible.windows} windows"
    if isinstance(verdict, Firing):
        drop = verdict.drop
        interval = f", down {drop.relative:.1%} ({drop.low:.1%} to {drop.high:.1%})" if drop else ""
        said = f"**fires, {verdict.severity}**{interval}"
    value = None if isinstance(verdict, Unjudged) else verdict.value
    return f"| {rule.name} | {said} | {number(value)} | {usual} | {limit} | {rule.owner} |"


def number(value: float | None) -> str:
    """A figure as pages show it; a dash where it is not known."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"


def _groups(groups: Mapping[Group, Sums], n_items: int) -> list[str]:
    lines = []
    for dimension in ("segment", "route", "release_id", "slot", "variant"):
        values = sorted({str(getattr(group, dimension)) for group in live(groups)})
        for value in values if len(values) > 1 or dimension == "segment" else []:
            part = [sums for group, sums in live(groups).items() if str(getattr(group, dimension)) == value]
            lines.append(_group(f"{dimension.removesuffix('_id')} {value}", figures(add_up(part), n_items)))
    on_trial = [sums for group, sums in groups.items() if group.canary]
    if on_trial:
        lines.append(_group("on trial (canary), counts in no rule", figures(add_up(on_trial), n_items)))
    return lines


def _group(name: str, found: Figures) -> str:
    values = asdict(found)
    return f"| {name} | {' | '.join(number(values[key]) for key in GROUPED)} |"


def _weekly_ctr(looked: Looked) -> float:
    since = looked.windows.end - WEEK
    week = [
        sums
        for start, groups in zip(looked.windows.starts, looked.windows.groups, strict=True)
        if start >= since
        for sums in live(groups).values()
    ]
    total = add_up(week)
    return total.clicks / total.impressions if total.impressions else math.nan


def _revenue(looked: Looked) -> Mapping[str, float]:
    return add_up(live(looked.windows.groups[-1]).values()).revenue
