"""The channels of this process: the addresses of RECOPS_ALERT_URLS, and Prefect's events, which automations follow."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from components.adapters.prefect_api import PrefectApi
from components.adapters.store.alerts.incidents import Claimed
from jobs.wiring.workbench import Workbench
from monitoring.alerting.deliver import Channel
from monitoring.alerting.examples import examples
from monitoring.alerting.tell import EVENTS
from monitoring.rules.table import read_rules

NAMESPACE = uuid.UUID("6f5c2b1e-53c4-4e0e-9d0a-5a8f3c1c7a90")
TEST_SECONDS = 10.0
WANTED = {"retrain": "recops.retrain.wanted", "rollback": "recops.rollback.wanted"}


@dataclass(frozen=True)
class EventChannel:
    """Emits each message as an event, and the answer that it asks for as another.

    An event's id comes from the message's key, so an event that is sent twice is one.
    """

    prefect: PrefectApi

    def send(self, message: Claimed, timeout: float) -> None:  # noqa: ARG002 - the client has its own
        """Emit; raises PrefectApiError when Prefect does not take it."""
        self.prefect.emit(self._event(f"recops.alert.{message.kind}", message))
        answer = message.message["answer"]["kind"]
        if message.kind == "opened" and answer in WANTED:
            self.prefect.emit(self._event(WANTED[answer], message))

    def _event(self, name: str, message: Claimed) -> dict[str, Any]:
        content = message.message
        return {
            "id": str(uuid.uuid5(NAMESPACE, f"{name} {message.key}")),
            "occurred": datetime.now(UTC).isoformat(),
            "event": name,
            "resource": {
                "prefect.resource.id": f"recops.alert.{message.alert_id}",
                "prefect.resource.name": content["rule"],
                "recops.severity": content["severity"],
            },
            "payload": {
                "alert_id": message.alert_id,
                "title": content["title"],
                "body": content["body"],
                "reason": content["answer"].get("reason", ""),
                "release": content["answer"].get("release", ""),
            },
        }


def channels(bench: Workbench) -> Mapping[str, Channel]:
    """All channels by name.

    Raises:
        components.adapters.alerting.apprise_channel.ChannelError: an address in RECOPS_ALERT_URLS is not understood.
    """
    return {**{channel.name: channel for channel in bench.alert_channels}, EVENTS: EventChannel(bench.prefect)}


@dataclass(frozen=True)
class TriedChannel:
    """What a channel did with a test message of this kind; `error` is None when it took it."""

    name: str
    kind: str
    error: str | None


def try_channels(found: Mapping[str, Channel], now: float) -> Iterator[TriedChannel]:
    """Sends a test message of each kind to each channel, one after the other."""
    rule = next(rule for rule in read_rules() if rule.name == "latency_p95")
    for name, channel in found.items():
        for place, (kind, example) in enumerate(examples(rule, now)):
            message = {**example.plain(), "rule": "test", "answer": {"kind": "none"}}
            # A version of its own for each, by which receivers tell a repeat.
            claimed = Claimed(0, 0, int(now) * 10 + place, kind, name, message, 1)
            try:
                channel.send(claimed, TEST_SECONDS)
                yield TriedChannel(name, kind, None)
            except Exception as error:
                yield TriedChannel(name, kind, str(error))
