"""Has candidates ranked by a language model: reserves money, asks one tier within the time, settles, reads the order.

Decides and computes; the model, the budget and the breakers come in as ports.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from components.config.llm import LlmConfig, Tier
from components.reranking.calls import (
    Breakers,
    Budget,
    BudgetSpent,
    BudgetUnread,
    CallRecord,
    Failed,
    FailureKind,
    Model,
    Observer,
    Reply,
)
from components.reranking.cost import TokenUsage, caches, cost_usd, worst_cost_usd
from components.reranking.fusion import mean_order
from components.reranking.prompt import PromptTemplate, RenderedPrompt, render
from components.reranking.reply_parser import ParsedReply
from components.reranking.task import RerankTask
from components.reranking.verdict import read_order

MIN_SECONDS = 0.02
"""With less time left nobody is asked: no answer could come, and the call might be charged."""
RESERVE_SECONDS = 1.0
"""The most that a reservation may take, beside half of the time that is left; a store that is slower is away."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What was paid and used in all calls of one request."""

    calls: int = 0
    usage: TokenUsage = field(default_factory=TokenUsage)
    cost_usd: float = 0.0


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


@dataclass(frozen=True, slots=True)
class Asking:
    """For whom, and how long: `deadline` is in seconds of the cascade's clock; `user` is a pseudonym."""

    request_id: str
    user: str
    tiers: Sequence[Tier]
    deadline: float


class Cascade:
    """One variant's way of asking.

    Args:
        perf_counter: seconds.
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        llm: LlmConfig,
        template: PromptTemplate,
        model: Model,
        budget: Budget,
        breakers: Breakers,
        observer: Observer,
        perf_counter: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._llm = llm
        self._template = template
        self._model = model
        self._budget = budget
        self._breakers = breakers
        self._observer = observer
        self._now = perf_counter
        self._sleep = sleep
        self._running: Counter[str] = Counter()

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
        spent = _total([way.spent for way in ways])
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

    async def _ask(self, tier: Tier, task: RerankTask, order: tuple[int, ...], asking: Asking) -> _Way:
        """One call, and one more where that makes sense and there is time."""
        prompt = render(self._template, task, order)
        spent = Spent()
        outcome: ParsedReply | Failed = Failed("error")
        for attempt in range(1 + self._llm.retries):
            way = await self._attempt(tier, prompt, task.k, asking)
            spent = _total([spent, way.spent])
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
        return _Way(outcome, spent)

    async def _attempt(self, tier: Tier, prompt: RenderedPrompt, k: int, asking: Asking) -> _Way:
        price = self._llm.price_of(tier)
        if self._breakers.is_open(tier.name):
            return _Way(Failed("breaker_open"))
        if self._running[tier.name] >= self._llm.concurrency:
            return _Way(Failed("busy"))
        left = asking.deadline - self._now()
        if left < MIN_SECONDS:
            return _Way(Failed("timeout"))
        self._running[tier.name] += 1
        try:
            worst = worst_cost_usd(prompt, tier.max_tokens, price)
            reserved = await self._budget.reserve(worst, min(left / 2, RESERVE_SECONDS))
            if isinstance(reserved, BudgetSpent):
                return _Way(Failed("budget_spent"))
            if isinstance(reserved, BudgetUnread):
                return _Way(Failed("budget_unread"))
            left = asking.deadline - self._now()
            if left < MIN_SECONDS:
                self._budget.settle(reserved, 0.0, None)
                return _Way(Failed("timeout"))
            started = self._now()
            came = await self._breakers.run(tier.name, lambda: self._model.ask(tier, prompt, left, asking.user))
            if isinstance(came, Failed) and came.kind == "breaker_open":
                self._budget.settle(reserved, 0.0, None)
                return _Way(came)
            outcome = read_order(came, prompt, k) if isinstance(came, Reply) else came
            usage = came.usage or TokenUsage()
            unknown = isinstance(came, Failed) and came.billed and came.usage is None
            paid = worst if unknown else cost_usd(usage, price)
            kind = outcome.kind if isinstance(outcome, Failed) else "ok"
            latency = (self._now() - started) * 1000
            record = CallRecord(asking.request_id, tier.name, tier.model, kind, usage, paid, latency)
            self._budget.settle(reserved, paid, record)
            self._observer.called(record, caches(prompt, price))
            return _Way(outcome, Spent(1, usage, paid))
        finally:
            self._running[tier.name] -= 1


@dataclass(frozen=True, slots=True)
class _Way:
    outcome: ParsedReply | Failed
    spent: Spent = field(default_factory=Spent)


def _total(parts: Sequence[Spent]) -> Spent:
    usage = [part.usage for part in parts]
    return Spent(
        sum(part.calls for part in parts),
        TokenUsage(
            sum(each.input for each in usage),
            sum(each.output for each in usage),
            sum(each.cache_read for each in usage),
            sum(each.cache_write for each in usage),
        ),
        sum(part.cost_usd for part in parts),
    )
