"""Writes an answer as bytes to keep, and reads it back for the next one who asks."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import orjson

from components.recommenders.protocol import Ranking
from components.serving.answer import Answer, AnsweredItem

_FIELDS = tuple(field.name for field in fields(Answer))


class UnreadableAnswer(ValueError):
    """The bytes are not an answer of this code."""


def is_worth_keeping(answer: Answer) -> bool:
    """Whether the next one who asks the same should get the same.

    Not when something was missing for it (the user's latest events, a language model that did not answer in time), as
    the next try may be better. Not with positions that were open to chance: each request draws anew, or the
    propensities in the log would be wrong.
    """
    return not answer.degraded and answer.fallback_reason is None and answer.propensities is None


def encode(answer: Answer) -> bytes:
    """All fields of an answer that is worth keeping."""
    values = {name: getattr(answer, name) for name in _FIELDS}
    values["candidates"] = [answer.candidates.items, answer.candidates.scores]
    return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)


def decode(content: bytes) -> Answer:
    """What `encode` wrote.

    Raises:
        UnreadableAnswer: something else wrote it.
    """
    try:
        values: dict[str, Any] = orjson.loads(content)
        rows, scores = values["candidates"]
        values["candidates"] = Ranking(np.asarray(rows, np.int32), np.asarray(scores, np.float32))
        values["ignored"] = tuple(values["ignored"])
        values["items"] = [AnsweredItem(**item) for item in values["items"]]
        return Answer(**values)
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableAnswer(f"not an answer: {error}") from error


def shown_again(answer: Answer, request_id: str, slot: str, milliseconds: float) -> Answer:
    """A kept answer as the answer to another request: it cost nothing this time, and took as long as it took."""
    return replace(
        answer,
        request_id=request_id,
        slot=slot,
        cached=True,
        cost_usd=0.0,
        timings_ms={"cache": milliseconds, "total": milliseconds},
    )
