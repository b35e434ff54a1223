"""Holds what was observed of two windows against the rules: each fires, is clear, or cannot be judged."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from components.quality.drop import Drop
from monitoring.rules.quality_drop import Calm, DropLimits, Fell, QualityHistory, Visible, judge_drop, smallest_visible
from monitoring.rules.table import Rule, Severity

FEEDBACK_THAT_TELLS = 0.001
"""Events a request; with fewer the feedback is broken, not the lists."""

TOO_LITTLE_KNOWN = 0.5
"""While only a fall of more than this could be seen, that none was says nothing."""


@dataclass(frozen=True)
class Observation:
    """The newest closed window, and what it is held against.

    Attributes:
        start, seconds: of the newest window, seconds since 1970.
        current: its figures and facts by name; NaN or missing where there is none.
        reference: medians of the same over the reference windows.
        history: windows of NDCG over all requests, the newest last.
    """

    start: float
    seconds: float
    current: Mapping[str, float]
    reference: Mapping[str, float] = field(default_factory=dict)
    history: QualityHistory = field(default_factory=lambda: QualityHistory((), (), ()))


@dataclass(frozen=True)
class Firing:
    """A rule is broken; `low` and `high` are the interval of the fall, relative, where there is one.

    Attributes:
        since: start of the first window that is part of it.
        windows: how many windows it takes to see it.
        newest: the fall of the newest window alone, where the rule is on a fall and it can be compared.
    """

    rule: Rule
    severity: Severity
    value: float
    before: float | None
    since: float
    drop: Drop | None = None
    windows: int = 1
    newest: Drop | None = None


@dataclass(frozen=True)
class Clear:
    """The rule holds; `newest` as in `Firing`, and `visible` is the smallest fall that could be seen, if it lasts."""

    rule: Rule
    value: float
    newest: Drop | None = None
    visible: Visible | None = None


@dataclass(frozen=True)
class Unjudged:
    """Too little is known to open an incident; with `newest`, as in `Firing`, it may tell that one is over."""

    rule: Rule
    reason: str
    newest: Drop | None = None


Verdict = Firing | Clear | Unjudged


def judge_all(rules: Sequence[Rule], seen: Observation, limits: DropLimits) -> list[Verdict]:
    """A verdict for each rule, in their order."""
    return [judge(rule, seen, limits) for rule in rules]


def judge(rule: Rule, seen: Observation, limits: DropLimits) -> Verdict:
    """What one rule says of the newest window."""
    if rule.check == "quality_drop":
        enough = max(rule.min_requests, limits.min_requests)
        return _judge_quality(rule, seen, replace(limits, max_drop=rule.limit, min_requests=enough))
    if rule.needs and not seen.current.get(rule.needs):
        return Unjudged(rule, f"{rule.needs.replace('_', ' ')}: no")
    value = seen.current.get(rule.figure, math.nan)
    counted = seen.current.get(rule.counts, 0.0)
    if counted < rule.min_requests:
        return Unjudged(
            rule, f"{counted:.0f} {rule.counts.replace('_', ' ')}, fewer than the {rule.min_requests} needed"
        )
    if not math.isfinite(value):
        return Unjudged(rule, f"there is no {rule.figure} in this window")
    if rule.check == "falls":
        return _judge_fall(rule, seen, value)
    beyond = operator.gt if rule.check == "above" else operator.lt
    if not beyond(value, rule.limit):
        return Clear(rule, value)
    critical = rule.critical is not None and beyond(value, rule.critical)
    before = seen.reference.get(rule.figure)
    before = before if before is not None and math.isfinite(before) else None
    return Firing(rule, "critical" if critical else rule.severity, value, before, seen.start)


def _judge_quality(rule: Rule, seen: Observation, limits: DropLimits) -> Verdict:
    found = judge_drop(seen.history, limits)
    if seen.current.get("feedback_per_request", 1.0) < FEEDBACK_THAT_TELLS:
        return Unjudged(rule, "there is no feedback, which says nothing of the lists; see the rule no_feedback")
    if isinstance(found, Fell):
        critical = rule.critical is not None and found.drop.relative > rule.critical
        severity: Severity = "critical" if critical else rule.severity
        drop, newest = found.drop, found.newest
        return Firing(rule, severity, drop.after, drop.before, found.since, drop, found.windows, newest)
    if isinstance(found, Calm):
        drop = found.drop
        if drop.relative > limits.max_drop:
            interval = f"{drop.low:.1%} to {drop.high:.1%}"
            return Unjudged(rule, f"down {drop.relative:.1%}, within noise (interval {interval})", drop)
        visible = smallest_visible(seen.history, limits)
        if visible is None or visible.fall > TOO_LITTLE_KNOWN:
            return Unjudged(
                rule,
                "too little is known yet of how windows differ by themselves: only a fall of more than "
                f"{TOO_LITTLE_KNOWN:.0%} would be seen",
                drop,
            )
        return Clear(rule, drop.after, drop, visible)
    return Unjudged(rule, found.reason)


def _judge_fall(rule: Rule, seen: Observation, value: float) -> Verdict:
    """Coverage and its like grow with traffic, so a much quieter window is not held against a busy one."""
    before = seen.reference.get(rule.figure, math.nan)
    usual = seen.reference.get("requests", math.nan)
    if not math.isfinite(before) or before <= 0:
        return Unjudged(rule, "there is no reference window")
    if seen.current.get("requests", 0.0) < 0.7 * usual:
        return Unjudged(
            rule, f"{seen.current.get('requests', 0):.0f} requests are too few beside the usual {usual:.0f}"
        )
    if 1 - value / before <= rule.limit:
        return Clear(rule, value)
    return Firing(rule, rule.severity, value, before, seen.start)
