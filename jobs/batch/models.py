"""Models for a batch: one that only notes what it is asked, and one that answers from replies at hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from components.access.tenants import DEFAULT
from components.adapters.llm.batch_journal import BatchJournal
from components.adapters.llm.claude_batches import BATCH_DISCOUNT, batch_parameters
from components.config.llm import LlmConfig, Tier
from components.reranking.calls import CallRecord, Failed, FailureKind, Model, Reply, Reservation
from components.reranking.cost import worst_cost_usd
from components.reranking.prompt import RenderedPrompt
from jobs.batch.reply_batches import Body, custom_id_of

T = TypeVar("T")
NOBODY = ""
"""Stands for the user in what is sent: a pseudonym would make equal requests of two runs different ones."""


def at_batch_price(llm: LlmConfig) -> LlmConfig:
    """`llm` with what a batch costs."""
    kinds = ("input", "output", "cache_read", "cache_write")
    prices = [
        price.model_copy(update={kind: getattr(price, kind) * BATCH_DISCOUNT for kind in kinds}) for price in llm.prices
    ]
    return llm.model_copy(update={"prices": prices})


class Noting:
    """Notes each request by its custom id, with what it costs at most, and answers none."""

    def __init__(self, llm: LlmConfig) -> None:
        self.llm = llm
        self.requests: dict[str, Body] = {}
        self.worst_usd: dict[str, float] = {}
        self._tier_of: dict[str, str] = {}

    def by_tier(self) -> list[tuple[Tier, dict[str, Body]]]:
        """What was noted, by tier; those without requests as well."""
        return [
            (tier, {name: body for name, body in self.requests.items() if self._tier_of[name] == tier.name})
            for tier in self.llm.tiers
        ]

    async def ask(self, tier: Tier, prompt: RenderedPrompt, seconds: float, user: str) -> Reply | Failed:  # noqa: ARG002
        """A failure, always."""
        price = self.llm.price_of(tier)
        body = batch_parameters(tier, price, prompt, NOBODY)
        custom_id = custom_id_of(body)
        self.requests[custom_id] = body
        self._tier_of[custom_id] = tier.name
        self.worst_usd[custom_id] = worst_cost_usd(prompt, tier.max_tokens, price)
        return Failed("error")


class Replaying:
    """Answers from replies by custom id; the others fail with `otherwise`."""

    def __init__(self, llm: LlmConfig, replies: Mapping[str, Reply], otherwise: FailureKind) -> None:
        self._llm = llm
        self._replies = replies
        self._otherwise = otherwise

    async def ask(self, tier: Tier, prompt: RenderedPrompt, seconds: float, user: str) -> Reply | Failed:  # noqa: ARG002
        """The reply, if there is one."""
        custom_id = custom_id_of(batch_parameters(tier, self._llm.price_of(tier), prompt, NOBODY))
        return self._replies.get(custom_id) or Failed(self._otherwise)


class Journaled:
    """Asks another model, and never twice for the same."""

    def __init__(self, llm: LlmConfig, model: Model, journal: BatchJournal) -> None:
        self._llm = llm
        self._model = model
        self._journal = journal

    async def ask(self, tier: Tier, prompt: RenderedPrompt, seconds: float, user: str) -> Reply | Failed:
        """The reply as it was, or as it is now."""
        custom_id = custom_id_of(batch_parameters(tier, self._llm.price_of(tier), prompt, NOBODY))
        known = self._journal.reply(custom_id)
        if known is not None:
            return known
        reply = await self._model.ask(tier, prompt, seconds, user)
        if isinstance(reply, Reply):
            self._journal.answered(custom_id, reply)
        return reply


class Unlimited:
    """A budget for what is paid for elsewhere."""

    async def reserve(self, usd: float, seconds: float, tenant: str = DEFAULT) -> Reservation:  # noqa: ARG002
        """Always."""
        return Reservation("", 0.0)

    def settle(self, reservation: Reservation, usd: float, record: CallRecord | None) -> None:
        """Nothing to do."""


class AlwaysClosed:
    """Breakers for models that cannot be away."""

    def is_open(self, tier: str) -> bool:  # noqa: ARG002
        """Never."""
        return False

    async def run(self, tier: str, call: Callable[[], Awaitable[T | Failed]]) -> T | Failed:  # noqa: ARG002
        """The outcome of `call`."""
        return await call()


class Unobserved:
    """Nobody looks at the metrics of a batch; its calls are in the event store."""

    def called(self, record: CallRecord, asked_to_cache: bool) -> None:
        """Nothing to do."""

    def decided(self, reason: str | None) -> None:
        """Nothing to do."""

    def ended(self, fate: str) -> None:
        """Nothing to do."""

    def repaired(self, kind: str, times: int) -> None:
        """Nothing to do."""
