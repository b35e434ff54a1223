"""Has candidates ranked by a language model: reserves money, asks one tier within the time, settles, reads the order.

Decides and computes; the model, the budget and the breakers come in as ports.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from components.config.llm import LlmConfig, Tier
from components.reranking.calls import Failed, FailureKind, Model, Observer
from components.reranking.cost import caches, worst_cost_usd
from components.reranking.fusion import mean_order
from components.reranking.metered import MIN_SECONDS, Asking, MeteredCalls, Spent, Way, total
from components.reranking.prompt import PromptTemplate, RenderedPrompt, render
from components.reranking.reply_parser import ParsedReply
from components.reranking.task import RerankTask
from components.reranking.verdict import read_order


@dataclass(frozen=True, slots=True)
class Reranked:
    """An order of the first `len(order)` candidates, as positions, and what the model says of some of them."""

    order: tuple[int, ...]
    reasons: dict[int, str]
    tier: str
    spent: Spent


@dataclass(frozen=True, slots=True)
class NotReranked:
    """The candidates stay as they are; `tier` is the one that was tried last."""

    reason: FailureKind
    tier: str
    spent: Spent


class Cascade:
    """One variant's way of asking.

    Args:
        calls: what its calls go through, with those of others.
        perf_counter: seconds.
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        llm: LlmConfig,
        template: PromptTemplate,
        model: Model,
        calls: MeteredCalls,
        observer: Observer,
        perf_counter: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._llm = llm
        self._template = template
        self._model = model
        self._observer = observer
        self._now = perf_counter
        self._sleep = sleep
        self._calls = calls

    async def rerank(self, task: RerankTask, asking: Asking) -> Reranked | NotReranked:
        """The order by the first tier that can be asked, or the reason why there is none.

        A tier that is left alone, busy, or dearer than what the day's budget holds passes the task on to the next
        cheaper one. A tier that was asked and failed does not: the time is gone.
        """
        last = NotReranked("error", "", Spent())
        for tier in asking.tiers:
            outcome = await self._by_tier(tier, task, asking)
            if isinstance(outcome, Reranked) or outcome.spent.calls:
                return outcome
            last = outcome if not last.tier else last
        return last

    async def _by_tier(self, tier: Tier, task: RerankTask, asking: Asking) -> Reranked | NotReranked:
        n = min(tier.candidates, len(task.candidates))
        orders = self._orders(n, asking.request_id)
        ways = await asyncio.gather(*(self._ask(tier, task, order, asking) for order in orders))
        spent = total([way.spent for way in ways])
        read = [(order, way.outcome) for order, way in zip(orders, ways, strict=True)]
        good = [(order, outcome) for order, outcome in read if isinstance(outcome, ParsedReply)]
        if not good:
            failed = next(outcome for _, outcome in read if isinstance(outcome, Failed))
            return NotReranked(failed.kind, tier.name, spent)
        for _, reply in good:
            for kind, times in reply.repairs.items():
                self._observer.repaired(kind, times)
        # Positions in the prompt become positions in the task.
        given = [tuple(order[place] for place in reply.order) for order, reply in good]
        reasons = {order[place]: text for order, reply in reversed(good) for place, text in reply.reasons.items()}
        return Reranked(mean_order(given, n) if len(given) > 1 else given[0], reasons, tier.name, spent)

    def _orders(self, n: int, request_id: str) -> list[tuple[int, ...]]:
        """In which orders the candidates are shown: one call each."""
        if self._llm.order == "given":
            return [tuple(range(n))]
        chance = random.Random(request_id)  # noqa: S311 - the same request is shown the same order
        times = self._llm.bootstraps if self._llm.order == "bootstrapped" else 1
        return [tuple(chance.sample(range(n), n)) for _ in range(times)]

    async def _ask(self, tier: Tier, task: RerankTask, order: tuple[int, ...], asking: Asking) -> Way[ParsedReply]:
        """One call, and one more where that makes sense and there is time."""
        prompt = render(self._template, task, order)
        spent = Spent()
        outcome: ParsedReply | Failed = Failed("error")
        for attempt in range(1 + self._llm.retries):
            way = await self._attempt(tier, prompt, task.k, asking)
            spent = total([spent, way.spent])
            if attempt and isinstance(way.outcome, Failed) and not way.spent.calls:
                break  # the second call could not even be made: the first one's failure is the reason
            outcome = way.outcome
            if not isinstance(outcome, Failed) or not outcome.retryable:
                break
            wait = outcome.retry_after or 0.0
            if self._now() + wait + MIN_SECONDS >= asking.deadline:
                break
            if wait:
                await self._sleep(wait)
        return Way(outcome, spent)

    async def _attempt(self, tier: Tier, prompt: RenderedPrompt, k: int, asking: Asking) -> Way[ParsedReply]:
        price = self._llm.price_of(tier)
        return await self._calls.make(
            tier,
            asking,
            worst_cost_usd(prompt, tier.max_tokens, price),
            lambda left: self._model.ask(tier, prompt, left, asking.user),
            lambda reply: read_order(reply, prompt, k),
            caches(prompt, price),
        )
