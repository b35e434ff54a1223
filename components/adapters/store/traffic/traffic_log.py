"""Reads stretches of requests and feedback from the event store into arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection, Engine, Text, cast, func, select

from components.adapters.store.engine import reading
from components.adapters.store.own_rows import own
from components.adapters.store.tables import SHOWN, feedback, release_states, requests
from components.quality.log import KINDS, FeedbackLog, Group, K, Names, TrafficArrays

MAX_REQUESTS = 100_000
"""Requests held in memory at once; about 200 bytes each, and as much again while they are summed."""

MAX_KEYS = 500
"""In one query."""

_JSON_AS_TEXT = (cast(requests.c["items"], Text), cast(requests.c.timings_ms, Text))
_COLUMNS = select(
    requests.c.request_id,
    requests.c.received_at,
    requests.c.user_id,
    requests.c.k,
    requests.c.release_id,
    requests.c.slot,
    requests.c.variant,
    requests.c.route,
    requests.c.n_known,
    requests.c.canary,
    requests.c.fallback_reason.is_not(None),
    requests.c.degraded,
    requests.c.cached,
    requests.c.cost_usd,
    *_JSON_AS_TEXT,
)


@dataclass(frozen=True)
class Stretch:
    """Requests in time order with the feedback that may count for them; `probes` were left out: see `TrafficLog`."""

    requests: TrafficArrays
    feedback: FeedbackLog
    probes: int


class TrafficLog:
    """Reads the log of an event store.

    Requests that a release answered before it first was on trial or live are probes, such as the smoke test of a
    promotion, and are left out. Answers of a release on trial stay in, in groups of their own.

    Args:
        cold_start_threshold: users of whom fewer interactions are known are cold.
    """

    def __init__(self, engine: Engine, cold_start_threshold: int, max_requests: int = MAX_REQUESTS) -> None:
        self._engine = engine
        self._threshold = cold_start_threshold
        self._max_requests = max_requests

    def first_and_last(self) -> tuple[float, float] | None:
        """When the first and the last request were received; None when there is none."""
        with reading(self._engine) as connection:
            ends = (func.min(requests.c.received_at), func.max(requests.c.received_at))
            of_own = (select(end).where(own(requests)).scalar_subquery() for end in ends)  # each ends at its first row
            first, last = connection.execute(select(*of_own)).one()
        return None if first is None else (float(first), float(last))

    def read(self, start: float, end: float, horizon: float, names: Names) -> Iterator[Stretch]:
        """Requests received from `start` until before `end`, in parts of at most `max_requests`.

        Feedback comes with each part as far as it can count for it: named requests, and events within the horizon.
        `names` grows by the ids that are met.
        """
        with reading(self._engine) as connection:
            served_from = _served_from(connection)
            query = (
                _COLUMNS.where(own(requests), requests.c.received_at >= start, requests.c.received_at < end)
                .order_by(requests.c.received_at)
                .execution_options(yield_per=20_000)
            )
            rows: list[Any] = []
            for block in connection.execute(query).partitions():
                rows.extend(block)
                if len(rows) >= self._max_requests:
                    yield self._stretch(connection, rows, horizon, names, served_from)
                    rows = []
            if rows:
                yield self._stretch(connection, rows, horizon, names, served_from)

    def sources(self, keys: Sequence[tuple[str, str]]) -> list[str]:
        """Where each shown item came from, by request id and item id; `unknown` when its impression was not logged."""
        wanted = sorted({request_id for request_id, _ in keys})
        found: dict[tuple[str, str], str] = {}
        with reading(self._engine) as connection:
            for first in range(0, len(wanted), MAX_KEYS):
                for shown in SHOWN:
                    query = select(shown.c.request_id, shown.c.item_id, shown.c.source).where(
                        shown.c.request_id.in_(wanted[first : first + MAX_KEYS])
                    )
                    found |= {(row[0], row[1]): row[2] for row in connection.execute(query)}
        return [found.get(key, "unknown") for key in keys]

    def _stretch(
        self,
        connection: Connection,
        rows: Sequence[Any],
        horizon: float,
        names: Names,
        served_from: Mapping[str, float],
    ) -> Stretch:
        kept = [row for row in rows if served_from.get(row[4], float("-inf")) <= row[1]]
        log = _request_log(kept, self._threshold, names)
        until = float(rows[-1][1]) + horizon
        place_of = dict(zip(log.ids.tolist(), range(len(log)), strict=True))
        query = select(
            feedback.c.occurred_at,
            feedback.c.user_id,
            feedback.c.item_id,
            feedback.c.request_id,
            feedback.c.type,
            feedback.c.value,
        ).where(own(feedback), feedback.c.received_at >= float(rows[0][1]), feedback.c.occurred_at >= float(rows[0][1]))
        if horizon:
            query = query.where(feedback.c.occurred_at <= until)
        events = connection.execute(query).all()
        return Stretch(log, _feedback_log(events, place_of, names), len(rows) - len(kept))


def _served_from(connection: Connection) -> dict[str, float]:
    """When each release first was on trial or live; one without a history is taken at its word."""
    query = select(
        release_states.c.release_id,
        func.min(release_states.c.at),
    ).group_by(release_states.c.release_id)
    serving = query.where((release_states.c.state == "live") | release_states.c.state.like("canary%"))
    known = {row[0] for row in connection.execute(query)}
    return {**dict.fromkeys(known, float("inf")), **{row[0]: float(row[1]) for row in connection.execute(serving)}}


def _request_log(rows: Sequence[Any], threshold: int, names: Names) -> TrafficArrays:
    groups: dict[Group, int] = {}
    n = len(rows)
    lists = np.full((n, K), -1, np.int32)
    times = np.full((n, 3), np.nan)
    group = np.empty(n, np.int32)
    codes = names.items
    for place, row in enumerate(rows):
        shown = [codes.setdefault(item_id, len(codes)) for item_id in orjson.loads(row[14])[:K]]
        lists[place, : len(shown)] = shown
        timings = orjson.loads(row[15])
        times[place] = timings.get("total", np.nan), timings.get("candidates", np.nan), timings.get("llm", np.nan)
        known = row[8]
        segment = "unknown" if known is None else "cold" if known < threshold else "warm"
        key = Group(row[4], row[5], row[6], row[7], segment, bool(row[9]))
        group[place] = groups.setdefault(key, len(groups))
    columns = list(zip(*rows, strict=True)) if rows else [()] * 16
    return TrafficArrays(
        groups=tuple(groups),
        ids=np.array(columns[0], object),
        at=np.array(columns[1], np.float64),
        users=np.array([names.user(user_id) for user_id in columns[2]], np.int32),
        k=np.array(columns[3], np.int32),
        group=group,
        lists=lists,
        fallback=np.array(columns[10], np.bool_),
        degraded=np.array(columns[11], np.bool_),
        cached=np.array(columns[12], np.bool_),
        cost_usd=np.array(columns[13], np.float64),
        total_ms=times[:, 0],
        candidates_ms=times[:, 1],
        llm_ms=times[:, 2],
    )


def _feedback_log(events: Sequence[Any], place_of: Mapping[str, int], names: Names) -> FeedbackLog:
    columns = list(zip(*events, strict=True)) if events else [()] * 6
    return FeedbackLog(
        at=np.array(columns[0], np.float64),
        users=np.array([names.user(user_id) for user_id in columns[1]], np.int32),
        items=np.array([names.item(item_id) for item_id in columns[2]], np.int32),
        request=np.array([place_of.get(request_id, -1) for request_id in columns[3]], np.int64),
        named=np.array([request_id is not None for request_id in columns[3]], np.bool_),
        kind=np.array([KINDS[kind] for kind in columns[4]], np.int32),
        value=np.array([np.nan if value is None else value for value in columns[5]], np.float64),
    )
