"""Sends prompts to Claude, or to any model behind the same Messages API, through Anthropic's SDK.

Its own timeouts and no retries: the caller knows the latency budget and pays for each attempt. A reply is read up to
`MAX_REPLY_BYTES`. The SDK is imported when a client is made: it takes seconds and 75 MB, which nobody without a model
should pay.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr, ValidationError

from components.config.llm import LlmConfig, Price, Tier
from components.reranking.calls import Failed, Reply, Structured
from components.reranking.cost import TokenUsage, caches
from components.reranking.prompt import RenderedPrompt

if TYPE_CHECKING:
    import anthropic

logger = logging.getLogger("recops.llm")

MAX_REPLY_BYTES = 200_000
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


class ReplyTooLong(Exception):
    """The reply goes on past any that was asked for."""


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
            return Failed("timeout", billed=True, detail=f"no reply within {seconds * 1000:.0f} ms")
        except ValidationError:  # a reply, but not of the form asked for
            return _reply(responses, None)
        except Exception as error:
            return _failure(error, responses)
        finally:
            _responses.reset(token)
        parsed = message.parsed_output
        return _reply(responses, parsed if isinstance(parsed, OrderOnly | OrderAndReasons) else None)

    async def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.values():
            await client.close()


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


def _reply(responses: list[Any], parsed: OrderOnly | OrderAndReasons | None) -> Reply | Failed:
    """The reply from the body as it came; a body that is no message is a failure that may have been charged."""
    try:
        body = json.loads(responses[-1].content)
        text = "".join(block["text"] for block in body["content"] if block.get("type") == "text")
        usage, stop = _usage(body["usage"]), str(body.get("stop_reason"))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        return Failed("malformed", billed=True, of_service=False, detail=f"no message: {type(error).__name__}")
    structured = None
    if parsed is not None:
        structured = Structured(parsed.order, parsed.reasons if isinstance(parsed, OrderAndReasons) else ())
    return Reply(text, structured, usage, stop)


def _usage(usage: Mapping[str, Any]) -> TokenUsage:
    """Tokens as the API counts them; what a server leaves out counts as none."""
    names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return TokenUsage(*(max(int(usage.get(name) or 0), 0) for name in names))


def _failure(error: Exception, responses: list[Any]) -> Failed:
    import anthropic
    import httpx2

    if _has_cause(error, ReplyTooLong):
        return Failed("oversized", billed=True, of_service=False, detail=f"over {MAX_REPLY_BYTES} bytes")
    if isinstance(error, anthropic.APITimeoutError):
        return Failed("timeout", billed=not _has_cause(error, httpx2.ConnectTimeout), detail="timed out")
    if isinstance(error, anthropic.APIConnectionError):
        sent = not _has_cause(error, httpx2.ConnectError)
        detail = type(error.__cause__ or error).__name__
        return Failed("connection", billed=sent, retryable=True, detail=detail)
    if isinstance(error, anthropic.APIStatusError):
        return _refused_status(error.status_code, error.response.headers.get("retry-after"))
    if responses and responses[-1].is_success:  # the SDK stumbles over a body that is no message in many ways
        return Failed("malformed", billed=True, of_service=False, detail=type(error).__name__)
    logger.exception("a call of the language model failed in an unforeseen way")
    return Failed("error", billed=True, detail=type(error).__name__)


def _refused_status(status: int, retry_after: str | None) -> Failed:
    detail = f"status {status}"
    seconds = _seconds(retry_after)
    if status == 429:
        return Failed("rate_limited", retryable=True, retry_after=seconds, detail=detail)
    if status == 529:
        return Failed("overloaded", retryable=True, retry_after=seconds, detail=detail)
    if status >= 500:
        return Failed("server_error", retryable=True, retry_after=seconds, detail=detail)
    return Failed("rejected", detail=detail)


def _seconds(retry_after: str | None) -> float | None:
    """Seconds of a retry-after header; its other form, a date, is not used by the API and counts as none."""
    try:
        return max(float(retry_after), 0.0) if retry_after else None
    except ValueError:
        return None


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
