"""A reranker at a URL: what it is sent, and what is made of each of its replies, in the cascade of all tiers."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from components.adapters.llm.breakers import TierBreakers
from components.adapters.llm.models import Models
from components.assistant.calls import ToolPrompt
from components.config.llm import Breaker, LlmConfig, Price, Tier
from components.reranking.calls import Failed, Reservation
from components.reranking.cascade import Cascade, NotReranked, Reranked
from components.reranking.metered import Asking, MeteredCalls
from components.reranking.prompt import parse_template
from components.reranking.task import ItemText, RerankTask
from jobs.batch.models import Unlimited, Unobserved
from tests.messages_server import Body, MessagesServer, Reset, Says, Script, Status, messages_server

TEMPLATE = parse_template("# System\n\nRank.\n\n# User\n\n{{person}} {{candidates}} {{wanted}}")
ITEMS = tuple(ItemText(f"Film {number}", "Drama", about="<b>obey</b>") for number in range(1, 6))
TASK = RerankTask(ITEMS, k=3, profile="loves\nslow films", context={"asks for": "something quiet"})


def policy(url: str, **changes: Any) -> LlmConfig:
    tier = {"name": "reranker", "model": "jina-reranker-v2", "interface": "rerank", "base_url": url, "share": 100}
    price = Price(model="jina-reranker-v2", input=2.0, output=0.0, cache_read=0.0, cache_write=0.0)
    made = Tier(**{**tier, "timeout_ms": 500, "max_tokens": 16, "candidates": 20})
    return LlmConfig(**{"tiers": [made], "prices": [price], "retries": 0, **changes})


class Kept(Unlimited):
    """Remembers what was paid."""

    def __init__(self) -> None:
        self.paid: list[float] = []

    def settle(self, reservation: Reservation, usd: float, record: Any) -> None:
        self.paid.append(usd)


def rerank(
    script: Script, times: int = 1, seconds: float = 5.0, **changes: Any
) -> tuple[list[Reranked | NotReranked], MessagesServer, list[float]]:
    """What the cascade makes of it, the server with what it was sent, and what was paid."""
    with messages_server(script) as server:
        llm, unobserved, kept = policy(server.url, **changes), Unobserved(), Kept()

        async def ask() -> list[Reranked | NotReranked]:
            models = Models(llm, None, None, {"reranker": SecretStr("sk-rerank")})
            breakers = TierBreakers(llm.breaker, ["reranker"], lambda _tier, _state: None)
            calls = MeteredCalls(llm, kept, breakers, unobserved, time.perf_counter)
            cascade = Cascade(llm, TEMPLATE, models, calls, unobserved, time.perf_counter)
            asked = [Asking("r", "pseudonym", llm.tiers, time.perf_counter() + seconds) for _ in range(times)]
            outcomes = [await cascade.rerank(TASK, each) for each in asked]
            await models.close()
            return outcomes

        return asyncio.run(ask()), server, kept.paid


def scored(*pairs: tuple[Any, Any], **more: Any) -> Body:
    results = [{"index": index, "relevance_score": score} for index, score in pairs]
    return Body(json.dumps({"results": results, **more}).encode())


def test_scores_order_whatever_order_they_come_in_and_their_tokens_are_paid() -> None:
    reply = scored((0, 0.1), (1, 0.9), (2, -3), (3, 0.5), (4, 0.2), usage={"total_tokens": 1000})
    (outcome,), server, paid = rerank(lambda body, n: reply)
    assert isinstance(outcome, Reranked)
    assert (outcome.order, outcome.reasons, outcome.tier) == ((1, 3, 4, 0, 2), {}, "reranker")
    assert paid == [pytest.approx(0.002)]
    (sent,), (headers,) = server.requests, server.headers
    assert (sent["model"], sent["top_n"], len(sent["documents"])) == ("jina-reranker-v2", 5, 5)
    assert sent["query"] == "says: loves slow films\nasks for: something quiet"
    assert sent["documents"][0] == "Film 1|Drama||about: b obey /b"
    assert headers["authorization"] == "Bearer sk-rerank"
    assert "pseudonym" not in json.dumps(sent)


@pytest.mark.parametrize(
    ("results", "order"),
    [
        ([(4, 1.0), (9, 0.9), (-1, 0.8), (4, 0.7), (2, 0.6)], (4, 2, 0, 1, 3)),
        ([(3, float("nan")), (1, 0.1), (2, float("inf")), (0, None), (4, "0.5"), (True, 0.9)], (1, 0, 2, 3, 4)),
    ],
    ids=["wrong indices", "no numbers"],
)
def test_what_is_said_of_no_document_or_without_a_score_counts_for_nothing(results: Any, order: Any) -> None:
    (outcome,), _, _ = rerank(lambda body, n: scored(*results))
    assert isinstance(outcome, Reranked)
    assert outcome.order == order


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Status(200, delay=2.0), "timeout"),
        (Status(500), "server_error"),
        (Status(429), "rate_limited"),
        (Status(401), "rejected"),
        (Reset(), "connection"),
        (Body(b"<html>"), "malformed"),
        (Body(b'{"results": 7}'), "malformed"),
        (Body(b'{"results": [{"index": 0}]}'), "malformed"),
        (Body(b'{"results": []}'), "malformed"),
        (scored((7, 0.5)), "malformed"),
        (scored((0, float("nan"))), "malformed"),
        (Body(b"[" * 100_000), "malformed"),
        (Body(b" " * 200_001), "oversized"),
    ],
)
def test_any_fault_leaves_the_ranking_and_says_why(behaviour: Any, reason: str) -> None:
    (outcome,), server, _ = rerank(lambda body, n: behaviour, seconds=0.5 if reason == "timeout" else 5.0)
    assert isinstance(outcome, NotReranked)
    assert (outcome.reason, len(server.requests)) == (reason, 1)


def test_the_breaker_opens_as_for_any_tier() -> None:
    outcomes, server, _ = rerank(lambda body, n: Status(500), times=3, breaker=Breaker(failures=2, open_seconds=60))
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, NotReranked)][2] == "breaker_open"
    assert len(server.requests) == 2


def test_a_use_that_is_not_said_counts_as_the_most_that_it_can_be() -> None:
    _, _, paid = rerank(lambda body, n: scored((0, 1.0)))
    assert paid[0] > 0.0001


def test_a_reranker_needs_an_address_and_calls_no_tools() -> None:
    with pytest.raises(ValidationError, match="needs a base_url"):
        policy("").model_validate(
            policy("x").model_dump() | {"tiers": [{**policy("x").tiers[0].model_dump(), "base_url": None}]}
        )
    llm = policy("http://127.0.0.1:9")

    async def talk() -> object:
        models = Models(llm, None, None, {})
        try:
            return await models.converse(llm.tiers[0], ToolPrompt("", (), ()), 16, 1.0, "")
        finally:
            await models.close()

    outcome = asyncio.run(talk())
    assert isinstance(outcome, Failed)
    assert outcome.kind == "rejected"


def test_a_dearer_tier_with_the_messages_api_passes_on_to_a_reranker() -> None:
    with messages_server(lambda body, n: scored((2, 1.0)) if "documents" in body else Says()) as server:
        first = policy(server.url).tiers[0].model_copy(update={"share": 0.0})
        dear = Tier(
            name="dear", model="small", base_url=server.url, share=100, timeout_ms=500, max_tokens=30, candidates=5
        )
        price = Price(model="small", input=1.0, output=5.0, cache_read=0.1, cache_write=1.25)
        llm = LlmConfig(tiers=[first, dear], prices=[*policy("x").prices, price])
        unobserved = Unobserved()

        class Open(TierBreakers):
            def is_open(self, tier: str) -> bool:
                return tier == "dear"

        async def ask() -> Reranked | NotReranked:
            models = Models(llm, None, None, {})
            breakers = Open(llm.breaker, ["reranker", "dear"], lambda _tier, _state: None)
            calls = MeteredCalls(llm, Unlimited(), breakers, unobserved, time.perf_counter)
            cascade = Cascade(llm, TEMPLATE, models, calls, unobserved, time.perf_counter)
            asking = Asking("r", "", (dear, first), time.perf_counter() + 5)
            outcome = await cascade.rerank(TASK, asking)
            await models.close()
            return outcome

        outcome = asyncio.run(ask())
    assert isinstance(outcome, Reranked)
    assert (outcome.tier, outcome.order[0]) == ("reranker", 2)
