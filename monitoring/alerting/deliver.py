"""Empties the outbox: each message is claimed, sent and settled; what fails waits longer each time, never lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from components.adapters.store.alerts.incidents import AlertStore, Claimed
from components.config.monitor import Delivery

logger = logging.getLogger("recops.alerts")

CLAIM_SECONDS = 60.0
"""How long a claim holds; a sender that dies leaves its messages to others after that."""

MAX_ROUNDS = 20


class Channel(Protocol):
    """Where messages go. `send` raises when the message did not arrive."""

    def send(self, message: Claimed, timeout: float) -> None:
        """Deliver one message."""


@dataclass(frozen=True)
class Delivered:
    """What one emptying of the outbox did."""

    sent: int
    failed: int


def deliver(
    store: AlertStore, channels: Mapping[str, Channel], limits: Delivery, now: Callable[[], float]
) -> Delivered:
    """Send everything that is due. A message that arrived is never sent again, as long as its receiver has said so; a
    receiver that dies after taking it and before answering gets it again under the same key.
    """
    sent = failed = 0
    for _ in range(MAX_ROUNDS):
        claimed = store.claim(now(), CLAIM_SECONDS + limits.timeout_seconds, list(channels), limit=1)
        if not claimed:
            break
        for message in claimed:
            if _send(store, channels[message.channel], message, limits, now):
                sent += 1
            else:
                failed += 1
    return Delivered(sent, failed)


def _send(store: AlertStore, channel: Channel, message: Claimed, limits: Delivery, now: Callable[[], float]) -> bool:
    try:
        channel.send(message, limits.timeout_seconds)
    except Exception as error:
        wait = min(limits.retry_seconds * 2 ** (message.attempts - 1), limits.max_retry_seconds)
        store.failed(message, str(error)[:500], now() + wait)
        logger.warning("alert %d did not reach %s: %s", message.alert_id, message.channel, error)
        return False
    store.delivered(message, now())
    return True
