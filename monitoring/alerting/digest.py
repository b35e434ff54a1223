"""Writes the daily digest: what is open, what began and ended since yesterday, and what is silenced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.adapters.store.alerts.incidents import Alert
from components.adapters.store.alerts.silences import Silence
from monitoring.alerting.message import Message, moment

DIGEST = "digest"
DAY = 86_400.0


def of_day(alerts: Sequence[Alert], silences: Mapping[str, Silence], now: float) -> Message:
    """The digest of the 24 hours before `now`; a calm day has one as well, as a sign of life.

    Args:
        alerts: incidents that are open or changed in that time; digests among them are left out.
    """
    told = [alert for alert in alerts if alert.rule != DIGEST]
    open_ones = [alert for alert in told if alert.resolved_at is None]
    ended = [alert for alert in told if alert.resolved_at is not None and alert.resolved_at > now - DAY]
    # What nobody has taken on comes first, then what is worst, then what is oldest.
    rank = {"critical": 0, "warning": 1, "info": 2}
    open_ones.sort(key=lambda each: ("acknowledged" in each.details, rank[each.severity], each.opened_at))
    lines = [
        f"Open: {len(open_ones)}" if open_ones else "Nothing is open.",
        *(f"- {_open(alert)}" for alert in open_ones),
        f"Ended since yesterday: {len(ended)}",
        *(f"- {alert.rule}, {_lasted(alert)}" for alert in ended),
        *(f"Silenced: {each.rule} until {moment(each.until)} by {each.by}: {each.why}" for each in silences.values()),
    ]
    head = f"{len(open_ones)} incidents open, {len(ended)} ended" if told else "a calm day"
    return Message(f"[digest] {head}", "\n".join(lines), "info")


def _open(alert: Alert) -> str:
    taken = alert.details.get("acknowledged")
    who = f"acknowledged by {taken['by']}" + (f": {taken['why']}" if taken["why"] else "") if taken else "not taken on"
    title = alert.details.get("message", {}).get("title", f"[{alert.severity}] {alert.rule}")
    return f"{title} (id {alert.alert_id}, since {moment(alert.opened_at)}; {who})"


def _lasted(alert: Alert) -> str:
    return f"{moment(alert.opened_at)} to {moment(alert.resolved_at or alert.opened_at)}"
