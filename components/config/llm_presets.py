"""The settings that ask the small local model in place of the configured tiers."""

from __future__ import annotations

from components.config.llm import LlmConfig, Price, Tier

LOCAL_TIER = "local"
LOCAL_MODEL = "smollm2"
CANDIDATES = 10
MAX_TOKENS = 64
"""It reads about 100 tokens a second and writes 40; a longer answer would only repeat itself."""


def with_local_model(llm: LlmConfig, base_url: str) -> LlmConfig:
    """`llm` with one tier alone, the model at `base_url`, which costs nothing.

    The interactive time limit stays that of the first tier, which the small model misses: a request that wants its
    answer says how long it will wait (`timeout_ms`). It cannot lead conversations, and is not asked to.
    """
    timeout_ms = llm.tiers[0].timeout_ms if llm.tiers else 500
    tier = Tier(
        name=LOCAL_TIER,
        model=LOCAL_MODEL,
        base_url=base_url,
        share=100.0,
        timeout_ms=timeout_ms,
        max_tokens=MAX_TOKENS,
        candidates=CANDIDATES,
        effort=None,
    )
    free = Price(model=LOCAL_MODEL, input=0.0, output=0.0, cache_read=0.0, cache_write=0.0)
    prices = [price for price in llm.prices if price.model != LOCAL_MODEL]
    alone = llm.chat.model_copy(update={"enabled": False})
    changed = {"tiers": [tier], "prices": [*prices, free], "premium_from": None, "chat": alone}
    return LlmConfig.model_validate({**dict(llm), **changed})
