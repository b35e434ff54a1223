"""Writes what people read: what fell, from what to what, since when, for whom, and the one command that goes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitoring.alerting.answer import Answer, GoBack, Retrain
from monitoring.alerting.blame import ReleaseChange, Segment
from monitoring.rules.judge import Firing

NAMES = {
    "ndcg_all": "NDCG@10 (all requests)",
    "latency_p50": "median latency",
    "latency_p95": "latency p95",
    "latency_p99": "latency p99",
    "candidates_p95": "candidate stage p95",
    "llm_p95": "language model stage p95",
}
SEGMENTS = {"segment": "users", "release_id": "release"}


@dataclass(frozen=True)
class MessageContext:
    """What surrounds an incident: who answers, for whom it is worst, and where to look."""

    release: str | None
    former_release: str | None
    segment: Segment | None
    change: ReleaseChange | None
    report: str
    runbooks: str


@dataclass(frozen=True)
class Message:
    """Title and body, plain text; `severity` is info, warning, critical or resolved."""

    title: str
    body: str
    severity: str

    def plain(self) -> dict[str, str]:
        """As plain values."""
        return {"title": self.title, "body": self.body, "severity": self.severity}


def of_firing(firing: Firing, context: MessageContext, answer: Answer, former_severity: str | None = None) -> Message:
    """The message of an incident that opens or, with `former_severity`, has become better or worse."""
    what = name_of(firing.rule.figure)
    if firing.drop is not None:
        fact = f"{what} down {firing.drop.relative:.0%}"
    else:
        side = {"above": "over", "below": "under", "falls": "down to"}[firing.rule.check]
        limit = "" if firing.rule.check == "falls" else f" {amount(firing.rule.limit, firing.rule.unit)}"
        fact = f"{what} {side}{limit}" if limit else f"{what} {side} {amount(firing.value, firing.rule.unit)}"
    change = f" (was {former_severity})" if former_severity else ""
    lines = [
        *_what(firing, what),
        f"Since: {moment(firing.since)}"
        + (f", seen over the last {firing.windows} windows" if firing.windows > 1 else ""),
        f"For whom: {_for_whom(context.segment)}" if firing.drop is not None else "",
        _release(firing, context),
        f"What is done: {told(answer)}",
        f"Severity: {firing.severity}{change}; owner: {firing.rule.owner}",
        f"Report: {context.report}",
        f"Runbook: {context.runbooks}/{firing.rule.runbook}",
        f"To go back: recops rollback --reason '{firing.rule.name}'"
        if context.former_release
        else "To go back: there is no release before this one",
    ]
    return Message(f"[{firing.severity}] {fact}", "\n".join(line for line in lines if line), firing.severity)


def of_recovery(
    rule_name: str,
    figure: str,
    value: float,
    before: float | None,
    opened_at: float,
    now: float,
    unit: str,
    thread: Sequence[Mapping[str, object]],
) -> Message:
    """The message that an incident is over."""
    what = name_of(figure)
    lines = [
        f"{what} is {amount(value, unit)} again"
        + (f"; before the incident it was {amount(before, unit)}" if before else ""),
        f"Lasted: {moment(opened_at)} to {moment(now)}",
        *(f"Meanwhile: {entry['text']}" for entry in thread),
    ]
    return Message(f"[recovered] {what} ({rule_name})", "\n".join(lines), "resolved")


def of_dead_channel(channel: str, waiting: int, attempts: int) -> Message:
    """The message to the other channels that one does not take any."""
    body = f"{waiting} messages wait for {channel} after {attempts} attempts; they are sent as soon as it answers."
    return Message(f"[warning] alert channel {channel} is dead", body, "warning")


def told(answer: Answer) -> str:
    """The answer in words."""
    if isinstance(answer, Retrain):
        return f"retrain/default is asked for, ingesting the event store first ({answer.reason})"
    if isinstance(answer, GoBack):
        return f"rolling back from {answer.release_id} to {answer.to} ({answer.reason})"
    return f"nothing by itself: {answer.reason}"


def name_of(figure: str) -> str:
    """The figure as people call it."""
    return NAMES.get(figure, figure.replace("_", " "))


def amount(value: float, unit: str) -> str:
    """A number with its unit."""
    return f"{value:.4g}{' ' + unit if unit else ''}"


def moment(at: float) -> str:
    """A time that everybody reads alike."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def _what(firing: Firing, what: str) -> list[str]:
    value = amount(firing.value, firing.rule.unit)
    if firing.drop is None:
        usual = f"; usual is {amount(firing.before, firing.rule.unit)}" if firing.before is not None else ""
        return [f"{what}: {value}; the limit is {amount(firing.rule.limit, firing.rule.unit)}{usual}"]
    drop = firing.drop
    return [
        f"{what}: {drop.before:.4f} to {drop.after:.4f}, down {drop.relative:.1%}"
        f" (interval {drop.low:.1%} to {min(drop.high, 1.0):.1%}), {drop.requests:.0f} requests",
        "The reference has the same weekdays, hours and mix of warm and cold users, as far as it goes:"
        f" {drop.matched:.0%} of the requests were matched.",
    ]


def _for_whom(segment: Segment | None) -> str:
    if segment is None:
        return "everybody alike"
    kind = SEGMENTS.get(segment.dimension, segment.dimension)
    name = f"{segment.value} {kind}" if kind == "users" else f"{kind} {segment.value}"
    return (
        f"mostly {name}: {segment.before:.4f} to {segment.after:.4f},"
        f" {min(segment.share_of_fall, 1.0):.0%} of the fall from {segment.share_of_requests:.0%} of the requests"
    )


def _release(firing: Firing, context: MessageContext) -> str:
    if context.change is not None:
        return (
            f"Release: {context.change.release_id}, live since {moment(context.change.at)}"
            f" after {context.change.before or 'nothing'}: the fall came with it,"
            f" {min(context.change.share_of_fall, 1.0):.0%} of it in its answers"
        )
    without = "; the fall came with no change of release" if firing.drop is not None else ""
    return f"Release: {context.release or 'none'}{without}"
