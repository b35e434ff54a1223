"""Keeps incidents and their outbox: each change of an incident and its messages are one transaction.

An incident that is open under a key already is never opened again, whoever tries at the same time; a change is made
only to the version that was looked at. A message is claimed for a while before it is sent, so two senders never send
the same one at once; one that was claimed by a process that died is claimed again when its time is over.
Past 250 lines, as incidents and outbox share each transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from components.adapters.store.engine import reading
from components.adapters.store.tables import alert_deliveries, alerts

OPEN, RESOLVED = "open", "resolved"


@dataclass(frozen=True)
class Alert:
    """One incident; `version` grows with each change that people are told of."""

    alert_id: int
    incident_key: str
    rule: str
    severity: str
    state: str
    version: int
    opened_at: float
    updated_at: float
    resolved_at: float | None
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Outgoing:
    """What is to be sent to one channel, and what it is sent as: opened, changed or resolved."""

    channel: str
    kind: str
    message: Mapping[str, Any]


@dataclass(frozen=True)
class Claimed:
    """A message that this process alone may send until its claim ends.

    Attributes:
        attempts: this one included.
        key: the same for each attempt, so that a receiver can tell a repeat.
    """

    delivery_id: int
    alert_id: int
    version: int
    kind: str
    channel: str
    message: Mapping[str, Any]
    attempts: int

    @property
    def key(self) -> str:
        """Of this message to this channel."""
        return f"recops-alert-{self.alert_id}-{self.version}-{self.channel}"


class AlertStore:
    """Incidents and outbox in the event store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_alerts(self) -> list[Alert]:
        """Incidents that are not over, oldest first."""
        return self._select(alerts.c.resolved_at.is_(None))

    def since(self, at: float) -> list[Alert]:
        """Incidents that changed at or after `at`, oldest first, and those that are open."""
        return self._select((alerts.c.updated_at >= at) | alerts.c.resolved_at.is_(None))

    def open(
        self,
        key: str,
        rule: str,
        severity: str,
        details: Mapping[str, Any],
        outgoing: Sequence[Outgoing],
        now: float,
    ) -> Alert | None:
        """Open an incident and put its messages into the outbox; None when it is open already."""
        row: dict[str, Any] = {
            "incident_key": key,
            "rule": rule,
            "severity": severity,
            "state": OPEN,
            "version": 1,
            "opened_at": now,
            "updated_at": now,
            "details": dict(details),
        }
        try:
            with self._engine.begin() as connection:
                alert_id = connection.execute(insert(alerts).values(row)).inserted_primary_key[0]  # type: ignore[index]
                _enqueue(connection, alert_id, 1, outgoing, now)
        except IntegrityError:
            return None
        return Alert(alert_id=alert_id, resolved_at=None, **row)

    def record(
        self,
        key: str,
        rule: str,
        severity: str,
        details: Mapping[str, Any],
        outgoing: Sequence[Outgoing],
        now: float,
    ) -> bool:
        """Keep what is told once and over at once, such as a digest; False where this key has been there before."""
        row = {"incident_key": key, "rule": rule, "severity": severity, "state": RESOLVED, "version": 1}
        times = {"opened_at": now, "updated_at": now, "resolved_at": now}
        with self._engine.begin() as connection:
            if connection.execute(select(alerts.c.alert_id).where(alerts.c.incident_key == key).limit(1)).first():
                return False
            done = connection.execute(insert(alerts).values(**row, **times, details=dict(details)))
            _enqueue(connection, done.inserted_primary_key[0], 1, outgoing, now)  # type: ignore[index]
        return True

    def acknowledge(self, alert_id: int, by: str, why: str, now: float) -> bool:
        """Somebody has taken an open incident on; False where none of this id is open."""
        with self._engine.begin() as connection:
            mine = (alerts.c.alert_id == alert_id) & alerts.c.resolved_at.is_(None)
            row = connection.execute(select(alerts).where(mine)).one_or_none()
            if row is None:
                return False
            said = {"at": now, "text": f"acknowledged by {by}" + (f": {why}" if why else "")}
            details = {**row.details, "acknowledged": {"by": by, "why": why, "at": now}}
            details["thread"] = [*row.details.get("thread", []), said]
            connection.execute(update(alerts).where(mine).values(details=details, updated_at=now))
        return True

    def change(
        self,
        alert: Alert,
        severity: str,
        details: Mapping[str, Any],
        outgoing: Sequence[Outgoing],
        now: float,
        resolved: bool = False,
    ) -> Alert | None:
        """A new version of the incident with its messages; None when somebody else has changed or ended it."""
        changed = replace(
            alert,
            severity=severity,
            state=RESOLVED if resolved else OPEN,
            version=alert.version + 1,
            updated_at=now,
            resolved_at=now if resolved else None,
            details=dict(details),
        )
        with self._engine.begin() as connection:
            if not _write(connection, alert, changed):
                return None
            _enqueue(connection, alert.alert_id, changed.version, outgoing, now)
        return changed

    def note(self, alert: Alert, details: Mapping[str, Any], now: float) -> bool:
        """Write details that nobody is told of; False when somebody else has changed or ended the incident."""
        with self._engine.begin() as connection:
            return _write(connection, alert, replace(alert, details=dict(details), updated_at=now))

    def add_to_thread(self, alert_id: int, text: str, now: float) -> None:
        """Say in the incident's thread what was done about it; unknown incidents are left alone."""
        with self._engine.begin() as connection:
            row = connection.execute(select(alerts).where(alerts.c.alert_id == alert_id)).one_or_none()
            if row is not None:
                thread = [*row.details.get("thread", []), {"at": now, "text": text}]
                values = {"details": {**row.details, "thread": thread}, "updated_at": now}
                connection.execute(update(alerts).where(alerts.c.alert_id == alert_id).values(values))

    # The outbox

    def claim(self, now: float, seconds: float, channels: Sequence[str], limit: int = 50) -> list[Claimed]:
        """Messages to these channels that are due, each for this process alone for `seconds`."""
        due = (
            select(alert_deliveries)
            .where(
                alert_deliveries.c.delivered_at.is_(None),
                alert_deliveries.c.next_attempt_at <= now,
                alert_deliveries.c.channel.in_(channels),
            )
            .order_by(alert_deliveries.c.delivery_id)
            .limit(limit)
        )
        claimed = []
        with self._engine.begin() as connection:
            for row in connection.execute(due).all():
                taken = connection.execute(
                    update(alert_deliveries)
                    .where(
                        alert_deliveries.c.delivery_id == row.delivery_id,
                        alert_deliveries.c.attempts == row.attempts,
                        alert_deliveries.c.delivered_at.is_(None),
                    )
                    .values(attempts=row.attempts + 1, next_attempt_at=now + seconds)
                )
                if taken.rowcount == 1:
                    claimed.append(
                        Claimed(
                            row.delivery_id,
                            row.alert_id,
                            row.version,
                            row.kind,
                            row.channel,
                            row.message,
                            row.attempts + 1,
                        )
                    )
        return claimed

    def delivered(self, claimed: Claimed, now: float) -> None:
        """The message arrived."""
        self._settle(claimed, delivered_at=now, next_attempt_at=None, last_error=None)

    def failed(self, claimed: Claimed, error: str, next_attempt_at: float) -> None:
        """The message did not arrive; it is tried again."""
        self._settle(claimed, last_error=error, next_attempt_at=next_attempt_at)

    def waiting(self) -> list[tuple[str, int, int]]:
        """Per channel with undelivered messages: how many, and the most attempts that one of them has seen."""
        query = select(alert_deliveries.c.channel, alert_deliveries.c.attempts).where(
            alert_deliveries.c.delivered_at.is_(None)
        )
        found: dict[str, list[int]] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                found.setdefault(row.channel, []).append(row.attempts)
        return [(channel, len(attempts), max(attempts)) for channel, attempts in sorted(found.items())]

    def deliveries(self, alert_id: int) -> list[Row[Any]]:
        """The outbox rows of an incident, oldest first."""
        query = select(alert_deliveries).where(alert_deliveries.c.alert_id == alert_id)
        with reading(self._engine) as connection:
            return list(connection.execute(query.order_by(alert_deliveries.c.delivery_id)))

    def _settle(self, claimed: Claimed, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                update(alert_deliveries)
                .where(
                    alert_deliveries.c.delivery_id == claimed.delivery_id,
                    alert_deliveries.c.attempts == claimed.attempts,
                )
                .values(**values)
            )

    def _select(self, condition: Any) -> list[Alert]:
        with reading(self._engine) as connection:
            return [_alert_of(row) for row in connection.execute(select(alerts).where(condition).order_by("alert_id"))]


def _write(connection: Connection, seen: Alert, changed: Alert) -> bool:
    values = {
        "severity": changed.severity,
        "state": changed.state,
        "version": changed.version,
        "updated_at": changed.updated_at,
        "resolved_at": changed.resolved_at,
        "details": dict(changed.details),
    }
    same = (alerts.c.alert_id == seen.alert_id) & (alerts.c.version == seen.version) & alerts.c.resolved_at.is_(None)
    # The time of the last change as well: a note leaves the version as it is.
    same &= alerts.c.updated_at == seen.updated_at
    return connection.execute(update(alerts).where(same).values(values)).rowcount == 1


def _enqueue(connection: Connection, alert_id: int, version: int, outgoing: Sequence[Outgoing], now: float) -> None:
    rows = [
        {
            "alert_id": alert_id,
            "version": version,
            "kind": each.kind,
            "channel": each.channel,
            "message": dict(each.message),
            "next_attempt_at": now,
        }
        for each in outgoing
    ]
    if rows:
        connection.execute(insert(alert_deliveries), rows)


def _alert_of(row: Row[Any]) -> Alert:
    return Alert(
        row.alert_id,
        row.incident_key,
        row.rule,
        row.severity,
        row.state,
        row.version,
        row.opened_at,
        row.updated_at,
        row.resolved_at,
        row.details,
    )
