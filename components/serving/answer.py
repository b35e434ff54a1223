"""What the request path returns: the HTTP answers of section 4 of the design, and what is logged beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.experiments.placement import Placement
from components.recommenders.protocol import Ranking
from components.routing.choose_route import Route


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """One place of a list; `rank` starts at 1, `source` names the recommender, `score` is on that one's scale."""

    item_id: str
    title: str
    category: str
    rank: int
    score: float
    source: str
    explanation: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a `RecommendRequest`. `body` goes to the client; what follows `candidates` is only logged.

    Attributes:
        candidates: what the list was cut from.
        n_known: interactions known of the user, in training and since.
        explored_position: the position, from 1, that was open to chance, whoever stands there now.
        propensities: for each item the probability that the policy shows it there, given the open position where one
            was open; None where nothing was left to chance, so that all are 1.
        experiments: experiment id to variant, of each experiment that the user takes part in; to the placement, as it
            is logged, where two variants drafted the list.
        llm: how a language model took part: tier, outcome, tokens.
        canary: the release that answered was on trial.
        next_page: the cursor of what comes after this list; None where nothing does. It goes to the client as well.
        understood: the wishes that the request states in words, each in words and as data; None where it has no text.
        ignored: words of the request that did nothing.
        placement: who placed what, where two variants drafted the list.
    """

    request_id: str
    user_id: str
    items: list[AnsweredItem]
    route: Route
    fallback_reason: str | None
    release: str
    slot: str
    variant: str
    cached: bool
    degraded: bool
    cost_usd: float
    timings_ms: dict[str, float]
    candidates: Ranking
    n_known: int = 0
    explored_position: int | None = None
    propensities: tuple[float, ...] | None = None
    model_version: int | None = None
    prompt_version: str | None = None
    experiments: Mapping[str, str | Mapping[str, object]] | None = None
    llm: Mapping[str, object] | None = None
    canary: bool = False
    next_page: str | None = None
    understood: Sequence[Mapping[str, object]] | None = None
    ignored: Sequence[str] = ()
    placement: Placement | None = None

    def body(self) -> dict[str, object]:
        """The fields of the HTTP answer, in the contract's order."""
        said = {} if self.understood is None else {"understood": self.understood, "ignored": list(self.ignored)}
        return {
            "request_id": self.request_id,
            "user_id": self.user_id,
            "items": self.items,
            "route": self.route,
            "fallback_reason": self.fallback_reason,
            "release": self.release,
            "slot": self.slot,
            "variant": self.variant,
            "cached": self.cached,
            "degraded": self.degraded,
            "cost_usd": self.cost_usd,
            "timings_ms": self.timings_ms,
            "next": self.next_page,
            **said,
        }


@dataclass(frozen=True, slots=True)
class SimilarAnswer:
    """The answer to a `SimilarRequest`; all of it goes to the client."""

    request_id: str
    item_id: str
    items: list[AnsweredItem]
    release: str
    slot: str
    variant: str
    timings_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class UnknownItem:
    """The bundle has no item of this id."""

    item_id: str
