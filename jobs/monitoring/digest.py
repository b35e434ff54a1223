"""Sends the daily digest to every channel, once a day, and says so in the thread of what is open."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from components.adapters.store.alerts.incidents import Outgoing
from jobs.monitoring.alert_channels import channels
from jobs.wiring.workbench import Workbench
from monitoring.alerting.deliver import Delivered, deliver
from monitoring.alerting.digest import DAY, DIGEST, of_day


def send_digest(bench: Workbench, now: float) -> Delivered | None:
    """The digest of the day (UTC) of `now`, put into the outbox and sent; None where the day has had its own.

    Raises:
        jobs.errors.NothingThereError: there is no event store yet.
        components.adapters.alerting.apprise_channel.ChannelError: an address in RECOPS_ALERT_URLS is not understood.
    """
    store, sinks = bench.store.alerts, channels(bench)
    day = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}"
    seen = store.since(now - DAY)
    message = of_day(seen, bench.store.silences.active(now), now)
    payload = {**message.plain(), "answer": {"kind": "none"}, "rule": DIGEST}
    outgoing = [Outgoing(channel, DIGEST, payload) for channel in sinks]
    recorded = store.record(f"{DIGEST}:{day}", DIGEST, "info", {"message": message.plain()}, outgoing, now)
    if recorded:
        for alert in seen:
            if alert.resolved_at is None:
                store.add_to_thread(alert.alert_id, f"in the digest of {day}", now)
    delivered = deliver(store, sinks, bench.params.monitor.delivery, time.time)
    return delivered if recorded else None
