"""Sends an answer as server-sent events to who asks for them: its parts as they are of use, and then the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

EVENT_STREAM = b"text/event-stream"


def wants_events(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the client asks for events before JSON."""
    types = [part.partition(b";")[0].strip().lower() for part in headers.get(b"accept", b"").split(b",")]
    return EVENT_STREAM in types and (b"application/json" not in types or types.index(EVENT_STREAM) == 0)


def as_events(answer: Mapping[str, Any], parts: Sequence[str]) -> bytes:
    """An event for each of `parts`, named as the field that is its data, and `done` with all of `answer`."""
    events = [*((name, answer[name]) for name in parts if name in answer), ("done", answer)]
    return b"".join(b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data)) for name, data in events)
