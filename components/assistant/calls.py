"""What a model that may call tools is sent, and what one reply of it comes to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from components.config.llm import Price, Tier
from components.reranking.calls import Failed
from components.reranking.cost import BYTES_PER_TOKEN_AT_LEAST, OVERHEAD_TOKENS, TokenUsage, dearest_usd

Block = Mapping[str, Any]
"""A content block of the Messages API."""


@dataclass(frozen=True, slots=True)
class ToolPrompt:
    """A conversation with a model so far.

    Attributes:
        tools: their names, descriptions and schemas, of which one has to be called; `must_call` says which, "" any.
        messages: in turn of the user and of the model, the user's first.
    """

    system: str
    tools: Sequence[Mapping[str, Any]]
    messages: Sequence[Mapping[str, Any]]
    must_call: str = ""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call of a tool; the arguments may be anything."""

    use_id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolReply:
    """The model answered; `content` is what it said, to be sent back with the results."""

    text: str
    uses: tuple[ToolUse, ...]
    content: tuple[Block, ...]
    usage: TokenUsage
    stop: str


class ToolModel(Protocol):
    """Sends a prompt with tools to the model of a tier."""

    async def converse(
        self, tier: Tier, prompt: ToolPrompt, max_tokens: int, seconds: float, user: str
    ) -> ToolReply | Failed:
        """The reply within `seconds`; never raises."""


def worst_usd(prompt: ToolPrompt, max_tokens: int, price: Price) -> float:
    """The most that a call can cost: every byte of its input a token, and all of its output used."""
    text = prompt.system + json.dumps([*prompt.tools, *prompt.messages], ensure_ascii=False, default=str)
    return dearest_usd(len(text.encode()) // BYTES_PER_TOKEN_AT_LEAST + OVERHEAD_TOKENS, max_tokens, price)
