"""Makes one answer of two variants' answers to the same request: a drafted list, and who placed what in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from components.experiments.draft import coin_of, draft_list
from components.experiments.placement import INTERLEAVED, Placement
from components.serving.answer import Answer
from components.serving.page_cursor import next_cursor
from components.serving.requests import RecommendRequest

T = TypeVar("T")


def draft_answer(first: Answer, second: Answer, request: RecommendRequest, salt: str) -> Answer:
    """The answer of both, whose coin is thrown by the salt and the request's id.

    Names come from the two answers themselves. An item is as the variant that placed it gave it, with its place in this
    list; one that is nobody's as the first gave it, and so are route, candidates and what was understood. It costs what
    both cost, and is degraded if one is. A model version is told where both have the same.
    """
    both = (first, second)
    ranked = [[item.item_id for item in answer.items] for answer in both]
    drafted = draft_list(ranked[0], ranked[1], request.k, coin_of(salt, first.request_id))
    given = [{item.item_id: item for item in answer.items} for answer in both]
    items = [
        replace(given[max(team, 0)][item_id], rank=rank)
        for rank, (item_id, team) in enumerate(zip(drafted.items, drafted.placed_by, strict=True), start=1)
    ]
    placement = Placement(
        variants=(first.variant, second.variant),
        placed_by=drafted.placed_by,
        latency_ms=(first.timings_ms["total"], second.timings_ms["total"]),
        cost_usd=(first.cost_usd, second.cost_usd),
        failed=(_failed(first), _failed(second)),
    )
    whole = len(items) == request.k
    return replace(
        first,
        items=items,
        variant=INTERLEAVED,
        fallback_reason=_reasons(first, second),
        cached=first.cached and second.cached,
        degraded=first.degraded or second.degraded,
        cost_usd=first.cost_usd + second.cost_usd,
        timings_ms={**first.timings_ms, "total": max(placement.latency_ms)},
        model_version=_common(first.model_version, second.model_version),
        prompt_version=_common(first.prompt_version, second.prompt_version),
        llm=None,
        next_page=next_cursor(request.cursor, [item.item_id for item in items]) if whole else None,
        placement=placement,
    )


def _failed(answer: Answer) -> bool:
    return answer.degraded or answer.fallback_reason is not None


def _reasons(first: Answer, second: Answer) -> str | None:
    if first.fallback_reason == second.fallback_reason:
        return first.fallback_reason
    told = [f"{answer.variant}: {answer.fallback_reason}" for answer in (first, second) if answer.fallback_reason]
    return "; ".join(told)


def _common(first: T, second: T) -> T | None:
    return first if first == second else None
