"""Gets requests wrong on purpose, as the demo's switch says (components/adapters/slots/demo_faults.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bentos.http_errors import HttpError
from components.adapters.slots.demo_faults import SLOW_SECONDS, DemoFaults
from components.serving.requests import RecommendRequest

SLIP = 7
"""Rows by which the users slip, of those that the bundle knows."""


class FaultInjection:
    """Applies the fault of the moment; without one it costs a comparison."""

    def __init__(self, faults: DemoFaults, user_ids: Sequence[str]) -> None:
        self._faults = faults
        self._user_ids = user_ids
        self._row_of = {user_id: row for row, user_id in enumerate(user_ids)}
        self._asked = 0

    async def on_request(self, request: RecommendRequest) -> RecommendRequest:
        """The request that is answered in place of the one that came.

        Raises:
            HttpError: 500, for every second request while the fault is "errors".
        """
        fault = self._faults.current()
        if fault is None:
            return request
        self._asked += 1
        if fault.kind == "errors" and self._asked % 2:
            raise HttpError(500, "internal_error", "this slot was told to fail, by the switch of the demo")
        if fault.kind == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if fault.kind == "wrong-user" and self._user_ids:
            row = (self._row_of.get(request.user_id, 0) + SLIP) % len(self._user_ids)
            return request.model_copy(update={"user_id": self._user_ids[row]})
        return request
