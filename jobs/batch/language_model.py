"""The language model of a batch: notes what would be asked, fetches the replies in batches, and answers from them.

Where a key for the Batches API is there, everything goes through it, at half the price. Tiers with an address of their
own, such as the small local model, have no such API: they are asked one after the other, and remembered just the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from bentos.served_release import ServedRelease, ServedVariant
from components.adapters.files.stack_secret import user_salt
from components.adapters.llm.batch_journal import BatchJournal, Reserved, Submission
from components.adapters.llm.models import Models
from components.adapters.store.llm.budget import LlmBudget, VariantBudget
from components.config.llm import LlmConfig, Price, Tier
from components.reranking.calls import Budget, CallRecord, Failed, Model, Reply, Reservation
from components.reranking.cascade import Cascade
from components.reranking.cost import TokenUsage, cost_usd
from components.reranking.metered import MeteredCalls
from components.reranking.prompt import parse_template
from components.serving.bundle import Bundle
from components.serving.hybrid import Hybrid
from jobs.batch.models import AlwaysClosed, Journaled, Noting, Replaying, Unlimited, Unobserved, at_batch_price
from jobs.batch.reply_batches import Body, Gathered, Pace, gather_replies
from jobs.wiring.workbench import Workbench

STORE_SECONDS = 5.0
Stage = Literal["noting", "replaying"]


class BatchLlm:
    """Makes the second opinions of each stage; `fetch` comes between the two.

    Args:
        budget: the day's money, which batches and the service share.
    """

    def __init__(self, bench: Workbench, release: ServedRelease, journal: BatchJournal, budget: LlmBudget) -> None:
        self._bench = bench
        self._journal = journal
        self._variants = {variant.name: variant for variant in release.variants if self._asks(variant)}
        self._budgets = {
            name: budget.for_variant(
                release.release_id, name, _text(variant.prompt_version), variant.llm.daily_budget_usd
            )
            for name, variant in self._variants.items()
        }
        self._noting = {
            name: Noting(at_batch_price(variant.llm))
            for name, variant in self._variants.items()
            if self._is_batched(variant.llm)
        }
        self._clients: list[Models] = []
        self.stage: Stage = "noting"
        self.gathered = Gathered({}, 0, 0)

    @property
    def notes(self) -> bool:
        """Whether there is anything to note: a variant that asks a model through batches."""
        return bool(self._noting)

    @property
    def n_noted(self) -> int:
        """How many requests were noted."""
        return sum(len(noting.requests) for noting in self._noting.values())

    def hybrid_of(self, release_id: str, variant: ServedVariant, bundle: Bundle) -> Hybrid | None:  # noqa: ARG002
        """What gives the variant's second opinions at this stage; None where it asks no model."""
        if variant.name not in self._variants or variant.prompt is None:
            return None
        noting = self._noting.get(variant.name)
        model: Model
        budget: Budget = Unlimited()
        llm = variant.llm
        if noting is not None:
            llm = at_batch_price(llm)
            out_of_money = self.gathered.unasked > 0
            replaying = Replaying(llm, self.gathered.replies, "budget_spent" if out_of_money else "timeout")
            model = noting if self.stage == "noting" else replaying
        elif self.stage == "noting":
            return None
        else:
            client = self._bench.llm_client(llm)
            self._clients.append(client)
            model, budget = Journaled(llm, client, self._journal), self._budgets[variant.name]
        template, unobserved = parse_template(variant.prompt), Unobserved()
        calls = MeteredCalls(llm, budget, AlwaysClosed(), unobserved, time.perf_counter)
        cascade = Cascade(llm, template, model, calls, unobserved, time.perf_counter)
        threshold = variant.routing.cold_start_threshold
        return Hybrid(bundle, llm, threshold, cascade, unobserved, user_salt(self._bench.settings), time.perf_counter)

    def fetch(self, pace: Pace, report: Callable[[str], None]) -> None:
        """Gets the replies to what was noted; from here on the stage is `replaying`.

        Raises:
            BatchError: the Batches API refuses.
        """
        self.stage = "replaying"
        batches = self._bench.llm_batches() if self._noting else None
        if batches is None:
            return
        prices = {price.model: price for noting in self._noting.values() for price in noting.llm.prices}
        replies: dict[str, Reply] = {}
        waiting = unasked = 0
        try:
            for name, noting in self._noting.items():
                for tier, requests in noting.by_tier():
                    purse = _Purse(self._budgets, prices, name, tier, noting.worst_usd)
                    part = gather_replies(requests, batches, self._journal, pace, purse, report)
                    replies |= part.replies
                    waiting, unasked = part.waiting, unasked + part.unasked
        finally:
            batches.close()
        self.gathered = Gathered(replies, waiting, unasked)

    async def aclose(self) -> None:
        """Closes the connections."""
        for client in self._clients:
            await client.close()

    def _asks(self, variant: ServedVariant) -> bool:
        return variant.prompt is not None and self._bench.asks_model(variant.llm)

    def _is_batched(self, llm: LlmConfig) -> bool:
        return self._bench.settings.anthropic_api_key is not None and all(tier.base_url is None for tier in llm.tiers)


class _Purse:
    """`jobs.batch.reply_batches.Purse` on the day's money in the event store.

    Args:
        prices: of a batch, by model.
        worst_usd: the most that each request costs.
    """

    def __init__(
        self,
        budgets: Mapping[str, VariantBudget],
        prices: Mapping[str, Price],
        variant: str,
        tier: Tier,
        worst_usd: Mapping[str, float],
    ) -> None:
        self._budgets = budgets
        self._prices = prices
        self._variant = variant
        self._tier = tier
        self._worst_usd = worst_usd

    def reserve(self, requests: Mapping[str, Body]) -> Reserved | None:
        usd = sum(self._worst_usd[custom_id] for custom_id in requests)
        outcome = asyncio.run(self._budgets[self._variant].reserve(usd, STORE_SECONDS))
        if not isinstance(outcome, Reservation):
            return None
        return Reserved(usd, outcome.day, self._variant, self._tier.name, self._tier.model)

    def settle(self, submission: Submission, answers: Sequence[tuple[str, Reply | Failed]]) -> None:
        """Pays what was used, and logs each call; where the model has no price any more, all that was reserved."""
        reserved = submission.reserved
        budget = self._budgets.get(reserved.variant, next(iter(self._budgets.values())))
        price = self._prices.get(reserved.model)
        paid = 0.0
        for _, answer in answers:
            usage = answer.usage or TokenUsage()
            cost = cost_usd(usage, price) if price else 0.0
            paid += cost
            kind = answer.kind if isinstance(answer, Failed) else "ok"
            record = CallRecord(submission.batch_id or "", reserved.tier, reserved.model, kind, usage, cost, 0.0)
            budget.settle(Reservation("", 0.0), cost, record)
        spent = paid if price or not answers else reserved.usd
        budget.settle(Reservation(reserved.day, reserved.usd), spent, None)


def _text(version: int | None) -> str | None:
    return None if version is None else str(version)
