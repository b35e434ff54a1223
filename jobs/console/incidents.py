"""Incidents with their state as people see it: open, acknowledged, silenced or recovered; and what is silenced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from components.adapters.store.alerts.silences import Silence
from jobs.monitoring.incidents import list_incidents
from jobs.monitoring.silence import SilenceError, silence_rule
from jobs.wiring.workbench import Workbench
from monitoring.rules.table import read_rules

SHOWN_DAYS = 30.0
Seen = Literal["open", "acknowledged", "silenced", "recovered"]
ORDER: tuple[Seen, ...] = ("open", "acknowledged", "silenced", "recovered")


@dataclass(frozen=True)
class Incident:
    """One incident; `details` holds its message and thread, `told` how many of its messages arrived."""

    alert_id: int
    rule: str
    severity: str
    seen: Seen
    opened_at: float
    resolved_at: float | None
    title: str
    body: str
    thread: tuple[Mapping[str, Any], ...]
    told: int
    deliveries: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class IncidentsPage:
    """Open ones first, then what nobody has taken on; rules are what may be silenced."""

    incidents: tuple[Incident, ...]
    silences: Mapping[str, Silence]
    rules: tuple[str, ...]

    @property
    def counts(self) -> dict[Seen, int]:
        """How many there are of each state."""
        return {seen: sum(each.seen == seen for each in self.incidents) for seen in ORDER}


def read_incidents(bench: Workbench, now: float) -> IncidentsPage:
    """Those that are open, and those of the last `SHOWN_DAYS`."""
    silences = bench.store.silences.active(now)
    found = [_incident(row, silences) for row in list_incidents(bench.store.alerts, SHOWN_DAYS, now)]
    found.sort(key=lambda each: (ORDER.index(each.seen), -each.opened_at))
    return IncidentsPage(tuple(found), silences, _rules())


def take_on(bench: Workbench, alert_id: int, by: str, why: str, now: float) -> str | None:
    """Says that somebody has taken an incident on, also in the audit log; why not, or None."""
    if bench.store.alerts.acknowledge(alert_id, by, why, now):
        bench.store.audit.note(now, by, "alerts ack", {"alert": alert_id, "why": why})
        return None
    return f"no incident {alert_id} is open any more"


def keep_quiet(bench: Workbench, rule: str, length: str, why: str, by: str, now: float) -> str | None:
    """Silences a rule for a while, and writes that down in the audit log; why not, or None."""
    if not why:
        return "say why the rule is silenced"
    try:
        silence_rule(bench, rule, length, why, by, now)
    except SilenceError as error:
        return str(error)
    bench.store.audit.note(now, by, "alerts silence", {"rule": rule, "length": length, "why": why})
    return None


@cache
def _rules() -> tuple[str, ...]:
    """Read once: they are part of the code, and YAML is slow to read."""
    return tuple(sorted(each.name for each in read_rules()))


def _incident(row: Mapping[str, Any], silences: Mapping[str, Silence]) -> Incident:
    details = row["details"]
    seen: Seen = "open"
    if row["resolved_at"] is not None:
        seen = "recovered"
    elif "acknowledged" in details:
        seen = "acknowledged"
    elif row["rule"] in silences:
        seen = "silenced"
    message = details.get("message", {})
    return Incident(
        alert_id=row["id"],
        rule=row["rule"],
        severity=row["severity"],
        seen=seen,
        opened_at=row["opened_at"],
        resolved_at=row["resolved_at"],
        title=message.get("title", f"[{row['severity']}] {row['rule']}"),
        body=message.get("body", ""),
        thread=tuple(details.get("thread", ())),
        told=sum(each["delivered_at"] is not None for each in row["deliveries"]),
        deliveries=tuple(row["deliveries"]),
    )
