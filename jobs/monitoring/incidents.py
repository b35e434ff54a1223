"""Lists incidents with their threads and deliveries, as plain values."""

from __future__ import annotations

from typing import Any

from components.adapters.store.alerts.incidents import Alert, AlertStore
from monitoring.alerting.digest import DIGEST

DAY = 86_400.0


def list_incidents(store: AlertStore, days: float, now: float) -> list[dict[str, Any]]:
    """Those that are open, and those of the last days, without digests; times are seconds since 1970."""
    return [_describe(store, alert) for alert in store.since(now - days * DAY) if alert.rule != DIGEST]


def _describe(store: AlertStore, alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.alert_id,
        "rule": alert.rule,
        "severity": alert.severity,
        "state": alert.state,
        "opened_at": alert.opened_at,
        "resolved_at": alert.resolved_at,
        "details": dict(alert.details),
        "deliveries": [
            {
                "channel": row.channel,
                "kind": row.kind,
                "attempts": row.attempts,
                "delivered_at": row.delivered_at,
                "last_error": row.last_error,
            }
            for row in store.deliveries(alert.alert_id)
        ],
    }
