"""Makes of a logged row what a model is told about it, as the service did, and what the service's own model said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from pydantic import ValidationError

from components.recommenders.protocol import Ranking
from components.reranking.fusion import fuse
from components.serving.catalogue import Catalogue
from components.serving.requests import RecommendRequest
from components.serving.rerank_task import Met, task_of
from components.shadow.records import LoggedRequest, RankedItemFacts, ShadowReply
from components.shadow.replay import ReplayTask


def replay_task(
    request: LoggedRequest, k: int, recent: Sequence[Sequence[Any]], items: Catalogue, depth: int, diversity: float
) -> ReplayTask | None:
    """The task of the first `depth` candidates that the catalogue knows; None where nothing can be ranked any more.

    Args:
        recent: (item id, liked) of what the user had met, oldest first, as the service logged it.
        items: the catalogue of the release that answered.
        diversity: of the release's policy, where the request does not say.
    """
    try:
        body = {**request.context, "user_id": request.user_id, "k": k}
        asked = RecommendRequest.model_validate_json(orjson.dumps(body))
    except ValidationError:
        return None
    row_of = items.row_of
    known = [place for place, item in enumerate(request.candidates) if item in row_of][:depth]
    if len(known) < 2:
        return None
    rows = np.array([row_of[request.candidates[place]] for place in known], np.int32)
    met = [Met(row_of[item], bool(liked)) for item, liked in recent if item in row_of]
    strength = diversity if asked.diversity is None else asked.diversity
    task = task_of(asked, rows, met, items, strength)
    frozen = LoggedRequest(
        **{
            **vars(request),
            "candidates": tuple(request.candidates[place] for place in known),
            "scores": tuple(request.scores[place] for place in known),
        }
    )
    return ReplayTask(frozen, task, asked.timeout_ms)


def served_reply(
    replay: ReplayTask, prompt_version: str, llm: Mapping[str, Any], llm_ms: float, cost_usd: float, weight: float
) -> ShadowReply:
    """What the service's own call came to, from what it logged; kinds of mended mistakes are not in the log."""
    candidates = replay.request.candidates
    order = [place for place in llm.get("order", []) if place < len(candidates)]
    given = Ranking(np.arange(len(candidates), dtype=np.int32), np.asarray(replay.request.scores, np.float32))
    ranking = fuse(given, order, weight).items.tolist() if order else range(len(candidates))
    return ShadowReply(
        request_id=replay.request.request_id,
        prompt_version=prompt_version,
        ranking=tuple(candidates[place] for place in ranking),
        by_model=tuple(candidates[place] for place in order),
        outcome=str(llm["outcome"]),
        input_tokens=int(llm.get("input_tokens", 0)),
        output_tokens=int(llm.get("output_tokens", 0)),
        cache_read_tokens=int(llm.get("cache_read_tokens", 0)),
        cost_usd=cost_usd,
        latency_ms=llm_ms,
    )


def facts_of(items: Catalogue) -> dict[str, RankedItemFacts]:
    """What the evaluation knows of each item, by id."""
    return {
        item_id: RankedItemFacts(title, category, frozenset({category, *tags}) - {""})
        for item_id, title, category, tags in zip(items.ids, items.titles, items.categories, items.tags, strict=True)
    }
