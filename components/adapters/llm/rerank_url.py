"""Asks a reranker at a URL: `POST /v1/rerank` as Jina defined it, and vLLM, TEI, Infinity and others serve it.

It scores each document against a query and gives no reasons. Scores order; what it says of documents that were not
sent, twice, or without a finite score counts for nothing.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from components.adapters.llm.replies import MAX_REPLY_BYTES, ReplyTooLong, refused_status
from components.config.llm import LlmConfig, Tier
from components.reranking.calls import Failed, Reply, Structured
from components.reranking.cost import TokenUsage, most_input_tokens
from components.reranking.prompt import RenderedPrompt

if TYPE_CHECKING:
    import httpx

PATH = "/v1/rerank"
SECONDS = 60.0
"""More than any request may take; each call has its own limit."""


class RerankUrl:
    """`components.reranking.calls.Model` for the tiers with the interface `rerank`.

    Args:
        keys: sent as a bearer token, by the name of the tier.
    """

    def __init__(self, llm: LlmConfig, keys: Mapping[str, SecretStr]) -> None:
        import httpx

        self._clients: dict[str, httpx.AsyncClient] = {}
        limits = httpx.Limits(max_connections=llm.concurrency, max_keepalive_connections=llm.concurrency)
        for tier in llm.tiers:
            if tier.interface == "rerank":
                key = keys.get(tier.name)
                headers = {"authorization": f"Bearer {key.get_secret_value()}"} if key else {}
                headers |= {"accept-encoding": "identity"}  # so that the limit holds for what is read
                self._clients[tier.name] = httpx.AsyncClient(
                    base_url=str(tier.base_url).rstrip("/"), headers=headers, limits=limits, timeout=SECONDS
                )

    async def ask(self, tier: Tier, prompt: RenderedPrompt, seconds: float, user: str) -> Reply | Failed:  # noqa: ARG002
        """The order by relevance within `seconds`, or what went wrong; never raises. The user is not told to it."""
        import httpx

        body = {
            "model": tier.model,
            "query": prompt.query,
            "documents": list(prompt.documents),
            "top_n": len(prompt.documents),
            "return_documents": False,
        }
        try:
            async with asyncio.timeout(seconds), self._clients[tier.name].stream("POST", PATH, json=body) as response:
                if not response.is_success:
                    return refused_status(response.status_code, response.headers.get("retry-after"))
                content = await _bounded(response)
        except (TimeoutError, httpx.TimeoutException):
            return Failed("timeout", billed=True, detail=f"no reply within {seconds * 1000:.0f} ms")
        except ReplyTooLong:
            return Failed("oversized", billed=True, of_service=False, detail=f"over {MAX_REPLY_BYTES} bytes")
        except httpx.HTTPError as error:
            sent = not isinstance(error, httpx.ConnectError)
            return Failed("connection", billed=sent, retryable=True, detail=type(error).__name__)
        return read_scores(content, prompt)

    async def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.values():
            await client.aclose()


def read_scores(content: bytes, prompt: RenderedPrompt) -> Reply | Failed:
    """The order in a body of `{results: [{index, relevance_score}], usage}`; numbers from 1, best first.

    Without a usage every byte counts as a token.
    """
    try:
        body = json.loads(content)
        results = body["results"]
        scored = [(float(each["relevance_score"]), each["index"]) for each in results if _is_scored(each)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return Failed("malformed", billed=True, of_service=False, detail=f"no results: {type(error).__name__}")
    if not any(0 <= index < prompt.n for _, index in scored):
        return Failed("malformed", billed=True, of_service=False, detail="no document with a score")
    order = [index + 1 for _, index in sorted(scored, key=lambda pair: -pair[0])]
    return Reply("", Structured(order, ()), _usage(body.get("usage"), prompt), "end_turn")


def _is_scored(result: Any) -> bool:
    score, index = result["relevance_score"], result["index"]
    number = type(score) in (int, float) and math.isfinite(score)
    return number and type(index) is int


def _usage(usage: Any, prompt: RenderedPrompt) -> TokenUsage:
    known = usage if isinstance(usage, dict) else {}
    counts = [known[name] for name in ("total_tokens", "prompt_tokens") if type(known.get(name)) is int]
    return TokenUsage(input=max(counts[0], 0) if counts else most_input_tokens(prompt))


async def _bounded(response: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_REPLY_BYTES:
            raise ReplyTooLong(f"the reply is longer than {MAX_REPLY_BYTES} bytes")
    return bytes(content)
