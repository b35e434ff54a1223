"""Renders the report of an evaluation as one HTML page without anything from outside."""

from __future__ import annotations

import math
from pathlib import Path

from components.shadow.evidence import ShadowEvidence
from components.shadow.figures import number, signed
from components.shadow.paired import Paired
from components.shadow.report import EvaluationReport

TEMPLATE = Path(__file__).with_name("page.html.j2")
SOURCES = {
    "later": ("Later, by themselves", "interactions after the request that came through no list"),
    "explored": ("Random position", "taken where a position was filled at random, weighted by inverse propensity"),
    "all": ("All interactions", "with what was taken from lists; favours the champion"),
    "listed": ("Clicks in the champion's lists", "favours the champion; can refuse, never promote"),
}


def render_page(report: EvaluationReport) -> str:
    """The page; every text from users, catalogues and models is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(number=number, signed=signed, percent=_percent)
    template = environment.from_string(TEMPLATE.read_text())
    return template.render(report=report, evidence=report.evidence, sources=SOURCES, metrics=_metrics(report.evidence))


def _metrics(evidence: ShadowEvidence) -> list[tuple[str, str, str, str]]:
    """Name, champion, challenger, difference with its interval, of each paired metric."""
    rows = [("NDCG@10", evidence.target)]
    rows += [(f"NDCG@10, {name} users", paired) for name, paired in evidence.segments.items()]
    rows += [(f"{name} per request", paired) for name, paired in evidence.guards.items()]
    return [(name, number(one.champion), number(one.challenger), _difference(one)) for name, one in rows]


def _difference(paired: Paired) -> str:
    if not paired.requests:
        return "nothing known"
    ends = f"{signed(paired.fixed.low)} to {signed(paired.fixed.high)}"
    return f"{signed(paired.difference)} ({ends}; {paired.users} users)"


def _percent(value: float) -> str:
    return "–" if not math.isfinite(value) else f"{value:.1%}"
