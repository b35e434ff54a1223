"""Turns requests, answers and feedback events into rows of the event store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from components.access.tenants import tenant_of
from components.adapters.store.traffic.simulated import MARK
from components.serving.answer import Answer
from components.serving.feedback_notes import Noted
from components.serving.requests import RecommendRequest

ID_CHARACTERS = 128
IMPRESSION_COLUMNS = ("item_sources", "item_scores", "item_propensities")
_DIGEST_BYTES = 12
KEPT_CANDIDATES = 20
"""Of a list that was neither open to chance nor shown to a language model: nothing judges other policies or prompts by
it, and 200 candidates with their scores would be 60 % of what a request takes in the store."""


def stored_id(event_id: str, user_id: str, key_id: str | None) -> str:
    """The id under which an event is stored: the client's, and a digest of it with the key and the user.

    So an id is one for each key and user, and nobody makes another's event a repeat by naming it first. Nor does any
    client write history that counts as simulated, which is left out and taken away.
    """
    owned = "\0".join((key_id or "", user_id, event_id)).encode()
    digest = hashlib.blake2b(owned, digest_size=_DIGEST_BYTES).hexdigest()
    shown = f"client-{event_id}" if event_id.startswith(MARK) else event_id
    return f"{shown[: ID_CHARACTERS - len(digest) - 1]}~{digest}"


def feedback_rows(
    noted: Sequence[Noted], gateway_request_id: str, received_at: float, key_id: str | None = None
) -> list[dict[str, Any]]:
    """One row per event, in order; an event without id gets the gateway's request id and its place in the post."""
    return [
        {
            "event_id": stored_id(event.event_id or f"{gateway_request_id}:{each.index}", event.user_id, key_id),
            "request_id": event.request_id,
            "user_id": event.user_id,
            "item_id": event.item_id,
            "type": event.type,
            "value": event.value,
            "occurred_at": each.occurred_at,
            "received_at": received_at,
            "unknown_item": not each.known_item,
            "key_id": key_id,
            "tenant": tenant_of(event.user_id),
        }
        for each in noted
        for event in (each.event,)
    ]


def request_row(
    request: RecommendRequest,
    answer: Answer,
    item_ids: Sequence[str],
    received_at: float,
    with_impressions: bool = True,
) -> dict[str, Any]:
    """What is needed to replay an answer; `item_ids` are the catalogue's, by row.

    Columns of JSON are text already: this runs thousands of times a second, and the writer thread, with which the
    event loop shares the interpreter, should have nothing left to do but to hand it to the database. Context holds all
    of the request but `user_id` and `k`; what has its default value is left out.
    """
    judged = answer.explored_position is not None or answer.llm
    depth = len(answer.candidates) if judged else max(KEPT_CANDIDATES, request.k)
    rows, scores = answer.candidates.items[:depth], answer.candidates.scores[:depth]
    return {
        "request_id": answer.request_id,
        "received_at": received_at,
        "user_id": answer.user_id,
        "k": request.k,
        "context": request.model_dump_json(exclude={"user_id", "k"}, exclude_defaults=True),
        "route": answer.route,
        "fallback_reason": answer.fallback_reason,
        "release_id": answer.release,
        "slot": answer.slot,
        "variant": answer.variant,
        "degraded": answer.degraded,
        "cached": answer.cached,
        "candidates": _json([item_ids[row] for row in rows.tolist()]),
        "scores": _numbers(scores),
        "items": _json([item.item_id for item in answer.items]),
        "timings_ms": _json(answer.timings_ms),
        "cost_usd": answer.cost_usd,
        "model_version": answer.model_version,
        "prompt_version": answer.prompt_version,
        "experiments": _json(answer.experiments) if answer.experiments else None,
        "n_known": answer.n_known,
        "explored_position": answer.explored_position,
        "canary": answer.canary,
        "llm": _json(answer.llm) if answer.llm else None,
        "tenant": tenant_of(answer.user_id),
        **(_impressions(answer) if with_impressions else dict.fromkeys(IMPRESSION_COLUMNS)),
    }


def _impressions(answer: Answer) -> dict[str, str | None]:
    """Of the items in their order; scores to seven digits."""
    sources = [item.source for item in answer.items]
    drawn = answer.propensities is not None and any(chance != 1.0 for chance in answer.propensities)
    return {
        "item_sources": _json(sources[:1] if len(set(sources)) == 1 else sources),
        "item_scores": _numbers(np.array([item.score for item in answer.items], np.float32)),
        "item_propensities": _json(answer.propensities) if drawn else None,
    }


def _numbers(values: NDArray[np.floating[Any]]) -> str:
    return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
