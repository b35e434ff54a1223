"""Makes what a serving process needs to ask a language model; nothing where none is configured."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bentos.served_release import ServedVariant
from components.adapters.store.llm.budget import LlmBudget
from components.assistant.lead import Assistant
from components.assistant.text_reader import TextReader
from components.config.llm import LlmConfig
from components.config.settings import Settings, SettingsError
from components.reranking.cascade import Cascade
from components.reranking.metered import MeteredCalls
from components.reranking.prompt import parse_template
from components.reranking.reasons import TitleIndex
from components.serving.bundle import Bundle
from components.serving.hybrid import Hybrid
from components.serving.leading import Leading
from components.serving.purses import Purses
from components.serving.text_reading import TextReading
from components.wishes.facts import CatalogueFacts
from monitoring.llm_metrics import LlmMetrics

if TYPE_CHECKING:
    from components.adapters.llm.models import Models

logger = logging.getLogger("recops.llm")


def is_on(llm: LlmConfig, settings: Settings) -> bool:
    """Whether a variant with these parameters asks a model.

    `auto` means: where a key or an address is set, or every tier has an address of its own.

    Raises:
        SettingsError: it must be on, and Anthropic's key is missing.
    """
    if llm.enabled == "off" or not llm.tiers:
        return False
    reachable = (
        settings.anthropic_api_key is not None
        or settings.llm_base_url is not None
        or all(tier.base_url is not None for tier in llm.tiers)
    )
    if llm.enabled == "on" and not reachable:
        raise SettingsError(
            "llm.enabled is on, but ANTHROPIC_API_KEY is not set; set it, or RECOPS_LLM_BASE_URL, or llm.enabled: off"
        )
    return reachable


@dataclass
class LanguageModels:
    """The language models of one process, one set of connections, breakers and metrics a variant.

    Args:
        make_metrics, open_budget: make what the first variant that asks a model needs.
        salt: of users' pseudonyms and tiers.
    """

    settings: Settings
    make_metrics: Callable[[list[str]], LlmMetrics]
    open_budget: Callable[[], LlmBudget]
    salt: bytes

    def __post_init__(self) -> None:
        self._budget: LlmBudget | None = None
        self._metrics: LlmMetrics | None = None
        self._clients: list[Models] = []
        self._leading: dict[str, Leading] = {}
        self._reading: dict[str, TextReading] = {}

    def hybrid_of(self, release_id: str, variant: ServedVariant, bundle: Bundle) -> Hybrid | None:
        """What gives the variant's second opinions; None where it asks no model.

        Raises:
            SettingsError: the model must be asked, and a key is missing.
            PromptError: the release's prompt cannot be used.
        """
        llm = variant.llm
        if variant.prompt is None or not is_on(llm, self.settings):
            return None
        from components.adapters.llm.breakers import TierBreakers
        from components.adapters.llm.models import Models

        names = [tier.name for tier in llm.tiers]
        if self._metrics is None:
            self._metrics = self.make_metrics(names)
        if self._budget is None:
            self._budget = self.open_budget()
        client = Models(llm, self.settings.llm_base_url, self.settings.anthropic_api_key, tier_keys(llm))
        self._clients.append(client)
        version = None if variant.prompt_version is None else str(variant.prompt_version)
        metrics, clock = self._metrics, time.perf_counter
        budget = self._budget.for_variant(release_id, variant.name, version, llm.daily_budget_usd)
        breakers = TierBreakers(llm.breaker, names, metrics.breaker_changed)
        calls, purses = MeteredCalls(llm, budget, breakers, metrics, clock), Purses(llm)
        cascade = Cascade(llm, parse_template(variant.prompt), client, calls, metrics, clock)
        if llm.chat.enabled:
            assistant = Assistant(llm, client, calls, TitleIndex(bundle.items.titles), clock)
            self._leading[variant.name] = Leading(llm, assistant, purses, metrics, self.salt, clock)
        if llm.read.enabled:

            def make_reader(facts: CatalogueFacts) -> TextReader:
                return TextReader(llm, client, calls, facts)

            self._reading[variant.name] = TextReading(llm, make_reader, purses, self.salt, clock)
        threshold = variant.routing.cold_start_threshold
        logger.info("variant %s asks %s", variant.name, ", ".join(f"{tier.name}: {tier.model}" for tier in llm.tiers))
        return Hybrid(bundle, llm, threshold, cascade, metrics, self.salt, clock, purses)

    def leading_of(self, variant: str) -> Leading | None:
        """What leads the conversations of a variant that `hybrid_of` was asked about; None: the built-in reader."""
        return self._leading.get(variant)

    def reading_of(self, variant: str) -> TextReading | None:
        """What reads the texts of such a variant's requests; None: the built-in reader."""
        return self._reading.get(variant)

    async def aclose(self) -> None:
        """Closes the connections."""
        for client in self._clients:
            await client.close()

    def close(self) -> None:
        """Settles what waits to be settled; safe to call twice."""
        if self._budget is not None:
            self._budget.close()


def tier_keys(llm: LlmConfig) -> dict[str, SecretStr]:
    """The keys of tiers with an address of their own, from the variables that they name.

    Raises:
        SettingsError: such a variable is not set.
    """
    keys = {}
    for tier in llm.tiers:
        if tier.key_env is not None:
            value = os.environ.get(tier.key_env)
            if not value:
                raise SettingsError(f"tier {tier.name} takes its key from {tier.key_env}, which is not set")
            keys[tier.name] = SecretStr(value)
    return keys
