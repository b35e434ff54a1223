"""Carries verdicts into incidents: opens, changes, counts and ends them, with one message each and one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from components.adapters.store.alerts.incidents import Alert, AlertStore, Outgoing
from components.adapters.store.alerts.silences import Silence
from components.config.monitor import Answering, Delivery
from monitoring.alerting.answer import Answer, GoBack, LeaveIt, Retrain, choose_answer
from monitoring.alerting.incidents import Change, Count, End, Open, next_step
from monitoring.alerting.message import Message, MessageContext, moment, of_dead_channel, of_firing, of_recovery, told
from monitoring.rules.judge import Firing, Verdict

EVENTS = "prefect"
"""The channel to which each message goes as an event, and the answer with it."""

DEAD = "channel_dead"


@dataclass(frozen=True)
class IncidentChange:
    """What became of an incident in this run; `what` is opened, changed or ended."""

    alert: Alert
    what: str
    message: Message


class Teller:
    """Writes to the alert store.

    Args:
        channels: names of all channels that messages go to, `EVENTS` among them.
        context: what surrounds a firing rule.
        silences: of rules, those that are not over. Their incidents are kept and answered, and told to nobody; one that
            is still open when the silence is over is told then.
    """

    def __init__(
        self,
        store: AlertStore,
        channels: Sequence[str],
        answering: Answering,
        recovery_windows: int,
        context: Callable[[Firing], MessageContext],
        silences: Mapping[str, Silence],
    ) -> None:
        self._store = store
        self._channels = channels
        self._answering = answering
        self._recovery_windows = recovery_windows
        self._context = context
        self._silences = silences

    def tell(self, verdicts: Sequence[Verdict], window_start: float, now: float) -> list[IncidentChange]:
        """Bring each rule's incident to its next state; what another run has done meanwhile is left as it is."""
        open_ones = {alert.incident_key: alert for alert in self._store.open_alerts()}
        found = []
        for verdict in verdicts:
            alert = open_ones.get(verdict.rule.name)
            severity, details = (alert.severity, alert.details) if alert else (None, {})
            step = next_step(verdict, severity, details, window_start, self._recovery_windows)
            if isinstance(step, Open):
                found.append(self._open(step.firing, window_start, now))
            elif alert is not None and isinstance(step, Change):
                found.append(self._change(alert, step.firing, window_start, now))
            elif alert is not None and isinstance(step, End):
                found.append(self._end(alert, step, verdict, now))
            elif alert is not None and alert.details.get("untold") and self._is_to_be_told(verdict):
                found.append(self._tell_late(alert, verdict, window_start, now))
            elif alert is not None and isinstance(step, Count):
                self._store.note(alert, step.details, now)
        return [each for each in found if each is not None]

    def watch_channels(self, limits: Delivery, now: float) -> list[IncidentChange]:
        """Tell the other channels of one that takes nothing, and end that incident when it does again."""
        waiting = {channel: (count, attempts) for channel, count, attempts in self._store.waiting()}
        dead = {channel for channel, (_, attempts) in waiting.items() if attempts >= limits.dead_after}
        open_ones = {alert.incident_key: alert for alert in self._store.open_alerts() if alert.rule == DEAD}
        found = []
        for channel in sorted(dead & set(self._channels)):
            key = f"{DEAD}:{channel}"
            if key not in open_ones:
                message = of_dead_channel(channel, *waiting[channel])
                outgoing = self._outgoing("opened", message, {"rule": DEAD}, leave_out=channel)
                alert = self._store.open(key, DEAD, "warning", {"channel": channel}, outgoing, now)
                found += [IncidentChange(alert, "opened", message)] if alert else []
        for key, alert in open_ones.items():
            if alert.details["channel"] not in waiting:
                message = Message(
                    f"[recovered] alert channel {alert.details['channel']}", "It takes messages again.", "resolved"
                )
                outgoing = self._outgoing("resolved", message, {"rule": DEAD})
                ended = self._store.change(alert, alert.severity, alert.details, outgoing, now, resolved=True)
                found += [IncidentChange(ended, "ended", message)] if ended and key else []
        return found

    def _open(self, firing: Firing, window_start: float, now: float) -> IncidentChange | None:
        context = self._context(firing)
        answer = self._answer(firing, context, now)
        message = of_firing(firing, context, answer)
        silence = self._silences.get(firing.rule.name)
        details = {
            **_details(firing),
            "judged": window_start,
            "calm": 0,
            "answer": _plain(answer),
            "thread": [{"at": now, "text": told(answer)}],
            "message": message.plain(),
        }
        if silence is not None:
            said = f"told to nobody until {moment(silence.until)}: silenced by {silence.by}: {silence.why}"
            details |= {"untold": True, "thread": [*details["thread"], {"at": now, "text": said}]}
        outgoing = self._outgoing("opened", message, details)
        alert = self._store.open(firing.rule.name, firing.rule.name, firing.severity, details, outgoing, now)
        return IncidentChange(alert, "opened", message) if alert else None

    def _is_to_be_told(self, verdict: Verdict) -> TypeGuard[Firing]:
        return isinstance(verdict, Firing) and verdict.rule.name not in self._silences

    def _tell_late(self, alert: Alert, firing: Firing, window_start: float, now: float) -> IncidentChange | None:
        """The silence is over and the rule fires still: people hear of it now; events and answer were long sent."""
        message = of_firing(firing, self._context(firing), _answer_of(alert))
        said = {"at": now, "text": "the silence is over: told"}
        details = {
            **{key: value for key, value in alert.details.items() if key != "untold"},
            "judged": window_start,
            "calm": 0,
            "message": message.plain(),
            "thread": [*alert.details["thread"], said],
        }
        outgoing = self._outgoing("opened", message, {**details, "answer": {"kind": "none"}}, leave_out=EVENTS)
        changed = self._store.change(alert, firing.severity, details, outgoing, now)
        return IncidentChange(changed, "opened", message) if changed else None

    def _change(self, alert: Alert, firing: Firing, window_start: float, now: float) -> IncidentChange | None:
        message = of_firing(firing, self._context(firing), _answer_of(alert), former_severity=alert.severity)
        line = {"at": now, "text": f"now {firing.severity}, was {alert.severity}"}
        details = {
            **alert.details,
            "judged": window_start,
            "calm": 0,
            "message": message.plain(),
            "thread": [*alert.details.get("thread", []), line],
        }
        outgoing = self._outgoing("changed", message, {**details, "answer": {"kind": "none"}})
        changed = self._store.change(alert, firing.severity, details, outgoing, now)
        return IncidentChange(changed, "changed", message) if changed else None

    def _end(self, alert: Alert, step: End, verdict: Verdict, now: float) -> IncidentChange | None:
        details = alert.details
        message = of_recovery(
            alert.rule,
            details["figure"],
            step.value,
            details["before"],
            alert.opened_at,
            now,
            verdict.rule.unit,
            details.get("thread", []),
        )
        outgoing = self._outgoing("resolved", message, {**details, "answer": {"kind": "none"}})
        ended = self._store.change(
            alert,
            alert.severity,
            {**details, "ended_value": step.value, "calm_from": step.calm_from},
            outgoing,
            now,
            resolved=True,
        )
        return IncidentChange(ended, "ended", message) if ended else None

    def _answer(self, firing: Firing, context: MessageContext, now: float) -> Answer:
        asked = [
            alert.opened_at
            for alert in self._store.since(now - 86_400)
            if alert.details.get("answer", {}).get("kind") == "retrain"
        ]
        return choose_answer(firing.rule, context.change, context.release, asked, now, self._answering)

    def _outgoing(
        self, kind: str, message: Message, details: Mapping[str, Any], leave_out: str | None = None
    ) -> list[Outgoing]:
        payload = {**message.plain(), "answer": details.get("answer", {"kind": "none"}), "rule": details["rule"]}
        # What is only good to know wakes nobody: it is in the store and among Prefect's events.
        # An incident that was opened in silence ends so, unless it was told meanwhile.
        silent = details["rule"] in self._silences or (kind == "resolved" and details.get("untold"))
        channels = [EVENTS] if message.severity == "info" or silent else self._channels
        return [
            Outgoing(channel, kind, payload)
            for channel in channels
            if channel in self._channels and channel != leave_out
        ]


def _details(firing: Firing) -> dict[str, Any]:
    drop = firing.drop
    interval = {"relative": drop.relative, "low": drop.low, "high": drop.high} if drop else {}
    return {
        "rule": firing.rule.name,
        "figure": firing.rule.figure,
        "value": firing.value,
        "before": firing.before,
        "since": firing.since,
        **interval,
    }


def _plain(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Retrain):
        return {"kind": "retrain", "reason": answer.reason}
    if isinstance(answer, GoBack):
        return {"kind": "rollback", "release": answer.release_id, "to": answer.to, "reason": answer.reason}
    return {"kind": "none", "reason": answer.reason}


def _answer_of(alert: Alert) -> Answer:
    plain = alert.details.get("answer", {})
    if plain.get("kind") == "retrain":
        return Retrain(plain["reason"])
    if plain.get("kind") == "rollback":
        return GoBack(plain["release"], plain["to"], plain["reason"])
    return LeaveIt(plain.get("reason", "nothing"))
