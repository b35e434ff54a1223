"""Makes one call of a model within time, money and breakers, and settles what it used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from components.access.tenants import DEFAULT
from components.config.llm import LlmConfig, Tier
from components.reranking.calls import Breakers, Budget, BudgetSpent, BudgetUnread, CallRecord, Failed, Observer
from components.reranking.cost import TokenUsage, cost_usd

MIN_SECONDS = 0.02
"""With less time left nobody is asked: no answer could come, and the call might be charged."""
RESERVE_SECONDS = 1.0
"""The most that a reservation may take, beside half of the time that is left; a store that is slower is away."""


class Used(Protocol):
    """A reply that says what it used."""

    @property
    def usage(self) -> TokenUsage:
        """Tokens."""
        ...


R = TypeVar("R", bound=Used)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spent:
    """What was paid and used in all calls of one request."""

    calls: int = 0
    usage: TokenUsage = field(default_factory=TokenUsage)
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Asking:
    """For whom, and how long: `deadline` is in seconds of the caller's clock; `user` is a pseudonym; `tenant` pays."""

    request_id: str
    user: str
    tiers: Sequence[Tier]
    deadline: float
    tenant: str = DEFAULT


@dataclass(frozen=True, slots=True)
class Way(Generic[T]):
    """What one call, or several, came to."""

    outcome: T | Failed
    spent: Spent = field(default_factory=Spent)


class MeteredCalls:
    """All calls of one variant go through one of these, so that they share money, breakers and places.

    Args:
        perf_counter: seconds.
    """

    def __init__(
        self,
        llm: LlmConfig,
        budget: Budget,
        breakers: Breakers,
        observer: Observer,
        perf_counter: Callable[[], float],
    ) -> None:
        self._llm = llm
        self._budget = budget
        self._breakers = breakers
        self._observer = observer
        self._now = perf_counter
        self._running: Counter[str] = Counter()

    async def make(
        self,
        tier: Tier,
        asking: Asking,
        worst_usd: float,
        call: Callable[[float], Awaitable[R | Failed]],
        judge: Callable[[R], T | Failed],
        cached: bool = False,
    ) -> Way[T]:
        """What `judge` makes of the reply to `call`, which is told the seconds that are left; never raises.

        `worst_usd` is set aside before; a call whose use is unknown costs all of it.
        """
        if self._breakers.is_open(tier.name):
            return Way(Failed("breaker_open"))
        if self._running[tier.name] >= self._llm.concurrency:
            return Way(Failed("busy"))
        left = asking.deadline - self._now()
        if left < MIN_SECONDS:
            return Way(Failed("timeout"))
        self._running[tier.name] += 1
        try:
            reserved = await self._budget.reserve(worst_usd, min(left / 2, RESERVE_SECONDS), asking.tenant)
            if isinstance(reserved, BudgetSpent):
                return Way(Failed("budget_spent"))
            if isinstance(reserved, BudgetUnread):
                return Way(Failed("budget_unread"))
            left = asking.deadline - self._now()
            if left < MIN_SECONDS:
                self._budget.settle(reserved, 0.0, None)
                return Way(Failed("timeout"))
            started = self._now()
            came = await self._breakers.run(tier.name, lambda: call(left))
            if isinstance(came, Failed) and came.kind == "breaker_open":
                self._budget.settle(reserved, 0.0, None)
                return Way(came)
            outcome = came if isinstance(came, Failed) else judge(came)
            usage = came.usage or TokenUsage()
            unknown = isinstance(came, Failed) and came.billed and came.usage is None
            paid = worst_usd if unknown else cost_usd(usage, self._llm.price_of(tier))
            kind = outcome.kind if isinstance(outcome, Failed) else "ok"
            latency = (self._now() - started) * 1000
            record = CallRecord(asking.request_id, tier.name, tier.model, kind, usage, paid, latency)
            self._budget.settle(reserved, paid, record)
            self._observer.called(record, cached)
            return Way(outcome, Spent(1, usage, paid))
        finally:
            self._running[tier.name] -= 1


def total(parts: Sequence[Spent]) -> Spent:
    """The sum."""
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
