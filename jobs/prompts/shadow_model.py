"""Makes the client that evaluations of prompts ask, and the terms on which both prompts are asked."""

from __future__ import annotations

from components.adapters.llm.claude import Claude
from components.adapters.llm.models import Models
from components.config.llm import LlmConfig, Tier
from components.config.shadow import ShadowConfig
from components.reranking.prompt import RenderedPrompt
from components.reranking.reasons import TitleIndex
from components.serving.catalogue import Catalogue
from components.shadow.replay import Terms
from jobs.errors import NothingThereError
from jobs.wiring.workbench import Workbench


def tier_of(llm: LlmConfig, name: str | None) -> Tier:
    """The tier of this name, by default the first, which is the cheapest.

    Raises:
        NothingThereError: there is none.
    """
    found = next((tier for tier in llm.tiers if name in (None, tier.name)), None)
    if found is None:
        known = ", ".join(tier.name for tier in llm.tiers) or "none"
        raise NothingThereError(f"the live release has no tier {name or 'at all'}; its tiers: {known}")
    return found


def check_reachable(bench: Workbench, llm: LlmConfig) -> None:
    """Refuses where the live release asks no model, so that there is nothing to compare.

    Raises:
        NothingThereError: it asks none.
        components.config.settings.SettingsError: a key is missing.
    """
    if not bench.asks_model(llm):
        raise NothingThereError(
            "the live release asks no language model: set ANTHROPIC_API_KEY or RECOPS_LLM_BASE_URL, or llm.tiers with "
            "a base_url, and promote"
        )


async def open_client(bench: Workbench, llm: LlmConfig) -> Models:
    """A client for the tiers of the live release, warmed up; close it in the end.

    Raises:
        NothingThereError: it asks none.
        components.config.settings.SettingsError: a key is missing.
    """
    check_reachable(bench, llm)
    if any(tier.interface == "messages" for tier in llm.tiers):
        await warm_up(llm)
    return bench.llm_client(llm)


def make_terms(llm: LlmConfig, tier: Tier, items: Catalogue, policy: ShadowConfig) -> Terms:
    """The live release's own terms, with more patience, so that the page can say how slow a prompt is."""
    seconds = max(tier.timeout_ms, policy.timeout_ms) / 1000
    return Terms(tier, llm.price_of(tier), llm.fusion_weight, seconds, TitleIndex(items.titles), policy.language)


async def warm_up(llm: LlmConfig) -> None:
    """Sends a prompt to nobody: the first call of a process takes the SDK a second, for which no prompt is to blame."""
    nowhere = llm.tiers[0].model_copy(
        update={"base_url": "http://127.0.0.1:9", "key_env": None, "interface": "messages"}
    )
    client = Claude(llm.model_copy(update={"tiers": [nowhere]}), None, None)
    try:
        await client.ask(nowhere, RenderedPrompt(("warm-up",), "warm-up", 1, True), 5.0, "")
        await client.ask(nowhere, RenderedPrompt(("warm-up",), "warm-up", 1, False), 5.0, "")
    finally:
        await client.close()
