"""The adapter against a server that speaks the Messages API: what it sends, and what it makes of each reply."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from components.adapters.llm.claude import MAX_REPLY_BYTES, Claude
from components.config.llm import LlmConfig, Price, Tier
from components.reranking.calls import Failed, Reply
from components.reranking.cost import most_input_tokens
from components.reranking.prompt import RenderedPrompt, parse_template, render
from components.reranking.task import ItemText, RerankTask
from components.reranking.verdict import read_order
from tests.messages_server import Behaviour, Body, MessagesServer, Reset, Says, Status, messages_server

PROMPT_FILE = Path(__file__).parents[4] / "prompts" / "recops-rerank.md"
TASK = RerankTask(tuple(ItemText(f"Film {number}", "Drama") for number in range(1, 6)), k=3)
KEY = SecretStr("sk-planted-key")


def prompt(task: RerankTask = TASK) -> RenderedPrompt:
    return render(parse_template(PROMPT_FILE.read_text()), task, range(len(task.candidates)))


def llm(**price: Any) -> LlmConfig:
    tier = {"name": "only", "model": "claude-haiku-5-5", "share": 100, "timeout_ms": 500, "max_tokens": 300}
    return LlmConfig(
        tiers=[Tier(**tier, candidates=20)],
        prices=[Price(model="claude-haiku-5-5", input=0.1, output=0.5, cache_read=0.01, cache_write=0.125, **price)],
    )


def ask(server: MessagesServer, asked: RenderedPrompt, seconds: float = 5.0, params: LlmConfig | None = None) -> Any:
    params = params or llm()

    async def once() -> Reply | Failed:
        claude = Claude(params, server.url, KEY)
        try:
            return await claude.ask(params.tiers[0], asked, seconds, "pseudonym")
        finally:
            await claude.close()

    return asyncio.run(once())


def outcome(behaviour: Behaviour, seconds: float = 5.0) -> Any:
    with messages_server(lambda body, n: behaviour) as server:
        answer = ask(server, prompt(), seconds)
        assert len(server.requests) == 1
        return answer


def test_a_good_reply_comes_back_as_the_schema_says_with_its_tokens() -> None:
    reply = outcome(Says(usage={"input_tokens": 7, "output_tokens": 5, "cache_read_input_tokens": 3}))
    assert isinstance(reply, Reply) and reply.structured is not None
    assert list(reply.structured.order) == [5, 4, 3]
    assert (reply.usage.input, reply.usage.output, reply.usage.cache_read, reply.usage.cache_write) == (7, 5, 3, 0)


def test_the_request_holds_schema_effort_and_pseudonym_and_nothing_that_the_api_refuses() -> None:
    with messages_server() as server:
        ask(server, prompt())
        (body,), (headers,) = server.requests, server.headers
    assert set(body) == {"model", "max_tokens", "system", "messages", "metadata", "output_config"}
    assert (body["output_config"]["effort"], body["metadata"]) == ("low", {"user_id": "pseudonym"})
    assert set(body["output_config"]["format"]["schema"]["properties"]) == {"order", "reasons"}
    assert "sk-planted-key" in headers["authorization"] + headers.get("x-api-key", "")
    assert "sk-planted-key" not in json.dumps(body)


def test_without_reasons_the_schema_asks_for_an_order_alone() -> None:
    with messages_server() as server:
        reply = ask(server, prompt(RerankTask(TASK.candidates, k=2, explain=False)))
    assert list(reply.structured.order) == [5, 4]
    assert set(server.requests[0]["output_config"]["format"]["schema"]["properties"]) == {"order"}


@pytest.mark.parametrize(("minimum", "cached"), [(10, True), (4096, False)])
def test_the_stable_prefix_is_cached_where_the_model_caches_so_short_a_one(minimum: int, cached: bool) -> None:
    with messages_server() as server:
        ask(server, prompt(), params=llm(cache_min_tokens=minimum))
    system = server.requests[0]["system"]
    assert ["cache_control" in block for block in system] == [False, cached]


@pytest.mark.parametrize(
    ("behaviour", "kind", "billed", "retryable"),
    [
        (Status(429, {"retry-after": "2"}), "rate_limited", False, True),
        (Status(500), "server_error", False, True),
        (Status(529), "overloaded", False, True),
        (Status(401), "rejected", False, False),
        (Status(301, {"location": "http://example.invalid/"}), "rejected", False, False),
        (Reset(), "connection", True, True),
        (Body(b'{"id": "msg", "content": [{"ty'), "malformed", True, False),
        (Body(b"[]"), "malformed", True, False),
        (Body(b'{"content": 5, "usage": {}}'), "malformed", True, False),
        (Body(b"[" * 100_000), "malformed", True, False),
        (Says("x" * 1_000_000), "oversized", True, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Body | Says | Status | Reset) else None,
)
def test_each_failure_is_named_and_says_whether_it_may_cost_and_be_tried_again(
    behaviour: Behaviour, kind: str, billed: bool, retryable: bool
) -> None:
    failed = outcome(behaviour)
    assert isinstance(failed, Failed), failed
    assert (failed.kind, failed.billed, failed.retryable) == (kind, billed, retryable)
    assert failed.retry_after == (2.0 if kind == "rate_limited" else None)


def test_a_reply_that_does_not_come_in_time_is_a_timeout_that_may_cost() -> None:
    failed = outcome(Says(delay=5.0), seconds=0.2)
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.billed, failed.retryable) == ("timeout", True, False)


def test_nobody_at_the_address_costs_nothing() -> None:
    with messages_server() as server:
        gone = MessagesServer(url=server.url)
    failed = ask(gone, prompt())
    assert (failed.kind, failed.billed) == ("connection", False)


@pytest.mark.parametrize(
    ("says", "order", "repairs"),
    [
        (Says("3, 1, 2"), (2, 0, 1, 3, 4), {"prose": 1}),
        (Says('{"order": [9, 2, 2, 4]}'), (1, 3, 0, 2, 4), {"stranger": 1, "duplicate": 1, "missing": 1}),
        (Says('{"order": [4, 3, 1', stop="max_tokens"), (3, 2, 0, 1, 4), {"truncated": 1}),
    ],
    ids=["prose", "mistakes", "cut-off"],
)
def test_what_does_not_keep_to_the_schema_is_read_all_the_same_and_its_tokens_are_counted(
    says: Says, order: tuple[int, ...], repairs: dict[str, int]
) -> None:
    reply = outcome(says)
    assert isinstance(reply, Reply)
    assert reply.usage.input > 100
    parsed = read_order(reply, prompt(), 3)
    assert not isinstance(parsed, Failed)
    assert (parsed.order, dict(parsed.repairs)) == (order, repairs)


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        (Says("I cannot help with that.", stop="refusal"), "refused"),
        (Says('{"order": [1, 2, 3]}', stop="refusal"), "refused"),
        (Says("Let me think", stop="max_tokens"), "truncated"),
        (Says("They are all good films."), "malformed"),
        (Says(""), "malformed"),
    ],
)
def test_a_reply_without_an_order_counts_for_nothing_and_costs_its_tokens(says: Says, kind: str) -> None:
    reply = outcome(says)
    assert isinstance(reply, Reply)
    failed = read_order(reply, prompt(), 3)
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.usage, failed.of_service) == (kind, reply.usage, False)


def test_a_reply_within_the_limit_is_read_whole() -> None:
    reply = outcome(Says('{"order": [2, 1, 3], "reasons": ["' + "y" * (MAX_REPLY_BYTES - 2_000) + '"]}'))
    assert isinstance(reply, Reply) and reply.structured is not None


def test_the_bytes_of_a_prompt_bound_its_tokens() -> None:
    with messages_server() as server:
        reply = ask(server, prompt())
    assert reply.usage.input <= most_input_tokens(prompt())
