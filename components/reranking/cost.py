"""What a call costs, and at most can cost, in dollars."""

from __future__ import annotations

from dataclasses import dataclass

from components.config.llm import Price
from components.reranking.prompt import RenderedPrompt

OVERHEAD_TOKENS = 800
"""What the API adds to a prompt, at most: the frame of messages, and the schema of a structured reply."""
BYTES_PER_TOKEN_AT_LEAST = 1
"""Every token stands for at least one byte of text, so that the bytes bound the tokens from above."""
CHARACTERS_PER_TOKEN_AT_MOST = 4.5
"""Of plain English: estimates too few tokens rather than too many."""
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one call; `input` leaves out what was read from or written to the prompt cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0


def cost_usd(usage: TokenUsage, price: Price) -> float:
    """Dollars for these tokens."""
    tokens = (
        usage.input * price.input
        + usage.output * price.output
        + usage.cache_read * price.cache_read
        + usage.cache_write * price.cache_write
    )
    return tokens / _MILLION


def most_input_tokens(prompt: RenderedPrompt) -> int:
    """An upper bound on the input tokens of the prompt, without asking anybody."""
    text = sum(len(part.encode()) for part in (*prompt.stable, prompt.user))
    return text // BYTES_PER_TOKEN_AT_LEAST + OVERHEAD_TOKENS


def worst_cost_usd(prompt: RenderedPrompt, max_tokens: int, price: Price) -> float:
    """The most that one call can cost: all of its input written to the cache or not, and all of its output used."""
    return dearest_usd(most_input_tokens(prompt), max_tokens, price)


def dearest_usd(input_tokens: int, output_tokens: int, price: Price) -> float:
    """The most that so many tokens can cost."""
    return (input_tokens * max(price.input, price.cache_write) + output_tokens * price.output) / _MILLION


def caches(prompt: RenderedPrompt, price: Price) -> bool:
    """Whether the stable part is long enough that the model caches it; estimated low, as a miss costs a write."""
    characters = sum(len(part) for part in prompt.stable)
    return characters / CHARACTERS_PER_TOKEN_AT_MOST >= price.cache_min_tokens
