"""What a logged request, a prompt's reply to it and what people did afterwards look like to an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class LoggedRequest:
    """One answered request, frozen as it was.

    Attributes:
        received_at: seconds since 1970.
        context: all of the request but `user_id` and `k`, as the service logs it.
        candidates: item ids that a prompt may rank, in the order of the ranking it was given.
        scores: of that ranking, one per candidate.
        shown: item ids that the user saw, best first.
        n_known: interactions known of the user then; None where an older release did not log it.
        explored_item: the item shown at a position filled at random, if there was one.
        propensity: the probability with which it was drawn.
    """

    request_id: str
    user_id: str
    received_at: float
    candidates: tuple[str, ...]
    scores: tuple[float, ...]
    shown: tuple[str, ...]
    context: Mapping[str, Any] = field(default_factory=dict)
    n_known: int | None = None
    explored_item: str | None = None
    propensity: float | None = None


@dataclass(frozen=True)
class RankedItemFacts:
    """What the catalogue says about an item; `labels` are its category and its tags."""

    title: str
    category: str
    labels: frozenset[str]


@dataclass(frozen=True)
class ShadowReply:
    """What came of one prompt for one request.

    Attributes:
        ranking: item ids, best first, as a user would have seen them: completed from the given order, which it is
            altogether when the call failed.
        by_model: the items that the model itself placed, in its order, before that was joined with the scores.
        outcome: `ok`, or how the call failed.
        faults: kinds of what was wrong with the reply itself; empty for a clean one.
        explanations: text per item id.
        explanation_faults: kinds of what was wrong with those.
    """

    request_id: str
    prompt_version: str
    ranking: tuple[str, ...]
    by_model: tuple[str, ...] = ()
    outcome: str = "ok"
    faults: tuple[str, ...] = ()
    explanations: Mapping[str, str] = field(default_factory=dict)
    explanation_faults: tuple[str, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cost_usd: float = 0.0
    latency_ms: float = 0.0

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.input_tokens + self.output_tokens + self.cache_read_tokens

    @property
    def fault_kinds(self) -> tuple[str, ...]:
        """Faults of the reply, or the way in which the call failed."""
        return self.faults if self.outcome == "ok" else (self.outcome, *self.faults)


@dataclass(frozen=True)
class Case:
    """One request as both prompts answered it."""

    request: LoggedRequest
    champion: ShadowReply
    challenger: ShadowReply


@dataclass(frozen=True)
class Interaction:
    """Something that a user did and that counts as a like.

    Attributes:
        request_id: of the list in which it happened, where the client said so.
    """

    user_id: str
    item_id: str
    at: float
    request_id: str | None = None
