"""The preset asks the local model and nobody else, has it lead no conversation, and changes nothing besides."""

from __future__ import annotations

from pathlib import Path

from components.adapters.files.params_file import read_params
from components.config.llm import LlmConfig
from components.config.llm_presets import LOCAL_MODEL, with_local_model

PARAMS = Path(__file__).parents[3] / "params.yaml"
URL = "http://127.0.0.1:8081"


def test_the_local_model_takes_the_place_of_every_tier_and_costs_nothing() -> None:
    given = read_params(PARAMS).llm
    local = with_local_model(given, URL)
    (tier,) = local.tiers
    assert (tier.model, tier.base_url, tier.share) == (LOCAL_MODEL, URL, 100)
    assert tier.timeout_ms == given.tiers[0].timeout_ms
    price = local.price_of(tier)
    assert (price.input, price.output, price.cache_read, price.cache_write) == (0, 0, 0, 0)
    assert (given.chat.enabled, local.chat) == (True, given.chat.model_copy(update={"enabled": False}))
    same = set(LlmConfig.model_fields) - {"tiers", "prices", "premium_from", "chat"}
    assert all(getattr(local, name) == getattr(given, name) for name in same)


def test_it_works_without_any_tier_and_twice() -> None:
    once = with_local_model(LlmConfig(), URL)
    assert with_local_model(once, URL) == once


def test_a_tier_for_premium_users_that_is_gone_is_not_named_any_more() -> None:
    given = read_params(PARAMS).llm.model_copy(update={"premium_from": "best"})
    assert with_local_model(given, URL).premium_from is None
