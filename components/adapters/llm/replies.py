"""Reads what came of a call: a reply with what it used, or what went wrong and whether it may have been charged."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from components.assistant.calls import ToolReply, ToolUse
from components.reranking.calls import Failed, Reply, Structured
from components.reranking.cost import TokenUsage

logger = logging.getLogger("recops.llm")

MAX_REPLY_BYTES = 200_000
_SENT_BACK = frozenset(["text", "tool_use", "thinking", "redacted_thinking"])


class ReplyTooLong(Exception):
    """The reply goes on past any that was asked for."""


_NO_MESSAGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


def reply_of(responses: Sequence[Any], structured: Structured | None) -> Reply | Failed:
    """The reply from the body as it came; a body that is no message is a failure that may have been charged."""
    try:
        body = json.loads(responses[-1].content)
        return Reply(_text(body), structured, _usage(body["usage"]), str(body.get("stop_reason")))
    except _NO_MESSAGE as error:
        return _no_message(error)


def tool_reply_of(responses: Sequence[Any]) -> ToolReply | Failed:
    """As `reply_of`, with the tools that the model calls; arguments that are no object are none."""
    try:
        body = json.loads(responses[-1].content)
        blocks = tuple(block for block in body["content"] if block.get("type") in _SENT_BACK)
        uses = tuple(
            ToolUse(str(block["id"]), str(block["name"]), block["input"] if isinstance(block["input"], dict) else {})
            for block in blocks
            if block["type"] == "tool_use"
        )
        return ToolReply(_text(body), uses, blocks, _usage(body["usage"]), str(body.get("stop_reason")))
    except _NO_MESSAGE as error:
        return _no_message(error)


def _text(body: Mapping[str, Any]) -> str:
    return "".join(block["text"] for block in body["content"] if block.get("type") == "text")


def _no_message(error: Exception) -> Failed:
    return Failed("malformed", billed=True, of_service=False, detail=f"no message: {type(error).__name__}")


def _usage(usage: Mapping[str, Any]) -> TokenUsage:
    """Tokens as the API counts them; what a server leaves out counts as none."""
    names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return TokenUsage(*(max(int(usage.get(name) or 0), 0) for name in names))


def failure_of(error: Exception, responses: Sequence[Any]) -> Failed:
    """What an exception of the SDK stands for."""
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
        return refused_status(error.status_code, error.response.headers.get("retry-after"))
    if responses and responses[-1].is_success:  # the SDK stumbles over a body that is no message in many ways
        return Failed("malformed", billed=True, of_service=False, detail=type(error).__name__)
    logger.exception("a call of the language model failed in an unforeseen way")
    return Failed("error", billed=True, detail=type(error).__name__)


def refused_status(status: int, retry_after: str | None) -> Failed:
    """What an HTTP status that is no success stands for."""
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
