"""Sends prompts to Claude, or to any model behind the same Messages API, through Anthropic's SDK.

Its own timeouts and no retries: the caller knows the latency budget and pays for each attempt. A reply is read up to
`MAX_REPLY_BYTES`. The SDK is imported when a client is made: it takes seconds and 75 MB, which nobody without a model
should pay.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr, ValidationError

from components.adapters.llm.replies import MAX_REPLY_BYTES, ReplyTooLong, failure_of, reply_of, tool_reply_of
from components.assistant.calls import ToolPrompt, ToolReply
from components.config.llm import LlmConfig, Price, Tier
from components.reranking.calls import Failed, Reply, Structured
from components.reranking.cost import caches
from components.reranking.prompt import RenderedPrompt

if TYPE_CHECKING:
    import anthropic

KEEP_ALIVE_SECONDS = 300.0
NO_KEY = "no-key"
"""Sent to servers that ask for none, as the SDK insists on one."""


class OrderOnly(BaseModel):
    """The reply where no reasons are wanted."""

    order: list[int]


class OrderAndReasons(BaseModel):
    """The reply where a reason is wanted for each place."""

    order: list[int]
    reasons: list[str]


def message_parameters(tier: Tier, price: Price, prompt: RenderedPrompt, user: str) -> dict[str, Any]:
    """The body of a message, but for the format of its reply (`reply_format`).

    The last stable block ends the prefix that is cached, where the model caches so short a one.
    """
    system: list[dict[str, Any]] = [{"type": "text", "text": part} for part in prompt.stable]
    if caches(prompt, price):
        system[-1]["cache_control"] = {"type": "ephemeral"}
    parameters: dict[str, Any] = {
        "model": tier.model,
        "max_tokens": tier.max_tokens,
        "system": system,
        "messages": [{"role": "user", "content": prompt.user}],
    }
    if user:
        parameters["metadata"] = {"user_id": user}
    if tier.effort is not None:
        parameters["output_config"] = {"effort": tier.effort}
    return parameters


def tool_parameters(tier: Tier, prompt: ToolPrompt, max_tokens: int, user: str) -> dict[str, Any]:
    """The body of a message with tools."""
    choice = {"type": "tool", "name": prompt.must_call} if prompt.must_call else {"type": "any"}
    parameters: dict[str, Any] = {
        "model": tier.model,
        "max_tokens": max_tokens,
        "system": [{"type": "text", "text": prompt.system}],
        "tools": list(prompt.tools),
        "tool_choice": choice,
        "messages": list(prompt.messages),
    }
    if user:
        parameters["metadata"] = {"user_id": user}
    if tier.effort is not None:
        parameters["output_config"] = {"effort": tier.effort}
    return parameters


def reply_format(prompt: RenderedPrompt) -> type[OrderOnly | OrderAndReasons]:
    """What the reply to `prompt` must look like."""
    return OrderAndReasons if prompt.explain else OrderOnly


class Claude:
    """`components.reranking.calls.Model` over HTTP; belongs to the event loop that first uses it.

    Args:
        llm: tiers and prices.
        base_url: where tiers without an address of their own are asked; None means Anthropic.
        api_key: the key for that address.
        keys: keys for tiers with an address of their own, by the name of the tier.
    """

    def __init__(
        self,
        llm: LlmConfig,
        base_url: str | None,
        api_key: SecretStr | None,
        keys: Mapping[str, SecretStr] | None = None,
    ) -> None:
        self._llm = llm
        self._clients: dict[str, anthropic.AsyncAnthropic] = {}
        for tier in llm.tiers:
            own = tier.base_url is not None
            key = (keys or {}).get(tier.name) if own else api_key
            self._clients[tier.name] = _make_client(tier.base_url or base_url, key, llm.concurrency)

    async def ask(self, tier: Tier, prompt: RenderedPrompt, seconds: float, user: str) -> Reply | Failed:
        """The reply within `seconds`, or what went wrong; never raises."""
        parameters = message_parameters(tier, self._llm.price_of(tier), prompt, user)
        responses: list[Any] = []
        token = _responses.set(responses)
        try:
            async with asyncio.timeout(seconds):
                messages = self._clients[tier.name].messages
                message = await messages.parse(output_format=reply_format(prompt), timeout=seconds, **parameters)
        except TimeoutError:
            return _late(seconds)
        except ValidationError:  # a reply, but not of the form asked for
            return reply_of(responses, None)
        except Exception as error:
            return failure_of(error, responses)
        finally:
            _responses.reset(token)
        parsed, structured = message.parsed_output, None
        if isinstance(parsed, OrderOnly | OrderAndReasons):
            structured = Structured(parsed.order, parsed.reasons if isinstance(parsed, OrderAndReasons) else ())
        return reply_of(responses, structured)

    async def converse(
        self, tier: Tier, prompt: ToolPrompt, max_tokens: int, seconds: float, user: str
    ) -> ToolReply | Failed:
        """As `ask`, for a prompt with tools (`components.assistant.calls.ToolModel`)."""
        parameters = tool_parameters(tier, prompt, max_tokens, user)
        responses: list[Any] = []
        token = _responses.set(responses)
        try:
            async with asyncio.timeout(seconds):
                await self._clients[tier.name].messages.create(timeout=seconds, **parameters)
        except TimeoutError:
            return _late(seconds)
        except Exception as error:
            return failure_of(error, responses)
        finally:
            _responses.reset(token)
        return tool_reply_of(responses)

    async def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.values():
            await client.close()


def _late(seconds: float) -> Failed:
    return Failed("timeout", billed=True, detail=f"no reply within {seconds * 1000:.0f} ms")


_responses: ContextVar[list[Any]] = ContextVar("responses")
"""Where the responses of the current call are kept: `messages.parse` raises without the usage of a wrong reply."""


def _make_client(base_url: str | None, key: SecretStr | None, concurrency: int) -> anthropic.AsyncAnthropic:
    import anthropic
    import httpx2

    http_client = anthropic.DefaultAsyncHttpxClient(
        follow_redirects=False,
        limits=httpx2.Limits(
            max_connections=concurrency, max_keepalive_connections=concurrency, keepalive_expiry=KEEP_ALIVE_SECONDS
        ),
        headers={"accept-encoding": "identity"},  # so that the limit holds for what is read, not what it unpacks to
        event_hooks={"response": [_bound]},
    )
    return anthropic.AsyncAnthropic(
        base_url=base_url,
        api_key=key.get_secret_value() if key else NO_KEY,
        max_retries=0,
        http_client=http_client,
    )


async def _bound(response: Any) -> None:
    """Keeps the response for the caller, and bounds its body."""
    _responses.get([]).append(response)
    response.stream = _bounded_stream(response.stream)


def _bounded_stream(stream: Any) -> Any:
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in stream:
                size += len(chunk)
                if size > MAX_REPLY_BYTES:
                    raise ReplyTooLong(f"the reply is longer than {MAX_REPLY_BYTES} bytes")
                yield chunk

        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()
