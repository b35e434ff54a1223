"""Takes feedback in: parsed, noted, held to what a user and an address may send, stored before it is acknowledged."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any

from bentos.caller import Caller
from bentos.feedback_body import FeedbackPost, parse_feedback, told
from bentos.http_errors import HttpError, retry_after
from components.adapters.store.traffic.rows import feedback_rows
from components.adapters.store.write_queue import StoreUnavailable, WriteQueue
from components.serving.allowance import MakeAllowance, own_purses
from components.serving.feedback_notes import take_note
from components.serving.requests import MAX_EVENTS
from monitoring.request_metrics import RequestMetrics

logger = logging.getLogger("recops.service")

BURST_OF_ADDRESS = 10 * MAX_EVENTS
TOO_MANY = "too_many_events"


@dataclass(frozen=True)
class FeedbackLimits:
    """Events a minute, in the long run, of one user and from one address."""

    per_user: float
    per_address: float


class FeedbackIntake:
    """One per process.

    Args:
        known_items: ids of the release's catalogue.
        ratings: the lowest and the highest; None has no end.
        now: seconds since 1970.
        purses: makes those of a limit, which other processes may share.
    """

    def __init__(
        self,
        queue: WriteQueue,
        metrics: RequestMetrics,
        known_items: Container[str],
        ratings: tuple[float | None, float | None],
        limits: FeedbackLimits,
        now: Callable[[], float],
        purses: MakeAllowance = own_purses,
    ) -> None:
        self._queue = queue
        self._metrics = metrics
        self._known_items = known_items
        self._ratings = ratings
        self._users = purses("events of users", limits.per_user / 60, MAX_EVENTS)
        self._addresses = purses("events of addresses", limits.per_address / 60, BURST_OF_ADDRESS)
        self._now = now

    async def take(self, body: bytes, request_id: str, caller: Caller) -> dict[str, Any]:
        """The answer to a post, once its good events are durable.

        Raises:
            HttpError: as `parse_feedback`; 403 for another user than the caller's; 429 for more than a user or an
                address may send; 503 without a store.
        """
        post, now = parse_feedback(body, caller.tenant), self._now()
        for _, event in post.events:
            caller.check_user(event.user_id)
        bounded = caller.role is None or not caller.trusted
        if bounded and caller.address and (wait := self._addresses.take(caller.address, len(post.events), now)):
            text = "more events came from this address than one may send"
            raise HttpError(429, TOO_MANY, text, headers=retry_after(wait))
        post = self._within_limits(post, now)
        noted, notes = take_note(post.events, now, self._known_items, self._ratings)
        try:
            stored = await self._queue.append_feedback(feedback_rows(noted, request_id, now, caller.key_id))
        except StoreUnavailable as error:
            logger.warning("feedback of request %s was not stored: %s", request_id, error)
            text = "the event store is busy or gone; nothing was stored, send the same events again"
            raise HttpError(503, "store_unavailable", text, headers=retry_after(1)) from error
        self._metrics.stored_feedback(stored.accepted, stored.duplicates, post.refused)
        reply: dict[str, Any] = {"accepted": stored.accepted, "duplicates": stored.duplicates}
        reply |= told(post.errors, post.refused)
        if notes:
            reply["notes"] = notes
        return reply

    def _within_limits(self, post: FeedbackPost, now: float) -> FeedbackPost:
        """The post without the events of users who have sent more than they may, each of which is an error.

        Raises:
            HttpError: 429, nobody of the post may send as much.
        """
        counts = Counter(event.user_id for _, event in post.events)
        waits = {user: wait for user, n in counts.items() if (wait := self._users.take(user, n, now))}
        if not waits:
            return post
        text = "this user has sent more events than one may"
        if len(waits) == len(counts):
            raise HttpError(429, TOO_MANY, text, "user_id", headers=retry_after(min(waits.values())))
        fault = {"code": TOO_MANY, "message": f"user_id: {text}", "field": "user_id"}
        over = [index for index, event in post.events if event.user_id in waits]
        return post.without(over, fault)
