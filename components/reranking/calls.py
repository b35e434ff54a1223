"""What one call of a model comes to, and what a reranking needs of the world: the model, the budget, the breakers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from components.access.tenants import DEFAULT
from components.config.llm import Tier
from components.reranking.cost import TokenUsage
from components.reranking.prompt import RenderedPrompt

T = TypeVar("T")
FailureKind = Literal[
    "timeout",
    "rate_limited",
    "overloaded",
    "server_error",
    "connection",
    "rejected",
    "malformed",
    "oversized",
    "refused",
    "truncated",
    "busy",
    "breaker_open",
    "budget_spent",
    "budget_unread",
    "turn_spent",
    "loop",
    "idle",
    "error",
]
FAILURES: tuple[FailureKind, ...] = FailureKind.__args__  # type: ignore[attr-defined]
"""Every reason for which a request keeps the ranking that it was given."""


@dataclass(frozen=True, slots=True)
class Structured:
    """A reply that kept to the schema: numbers from 1, best first, and a reason for each in the same order."""

    order: Sequence[int]
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Reply:
    """The model answered; what it says may be anything.

    `structured` is None where the text does not keep to the schema, as with servers that know none.
    """

    text: str
    structured: Structured | None
    usage: TokenUsage
    stop: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The call came to nothing.

    Attributes:
        usage: what it used, if that is known; None with `billed` counts as the worst case.
        billed: whether it may have been charged.
        retryable: whether the same call may succeed a little later.
        retry_after: seconds that the server asks to wait.
        of_service: whether the tier's service is to blame, so that the breaker counts it.
        detail: a few words for the log, without anything of the prompt.
    """

    kind: FailureKind
    usage: TokenUsage | None = None
    billed: bool = False
    retryable: bool = False
    retry_after: float | None = None
    of_service: bool = True
    detail: str = ""


class Model(Protocol):
    """Sends a prompt to the model of a tier."""

    async def ask(self, tier: Tier, prompt: RenderedPrompt, seconds: float, user: str) -> Reply | Failed:
        """The reply within `seconds`; never raises. `user` is a pseudonym, for the provider's abuse detection."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money of a tenant set aside on a day (UTC, ISO 8601), until it is settled."""

    day: str
    usd: float
    tenant: str = DEFAULT


@dataclass(frozen=True, slots=True)
class BudgetSpent:
    """The day's budget cannot hold this much more."""


@dataclass(frozen=True, slots=True)
class BudgetUnread:
    """The store did not say in time whether there is money left, so none may be spent."""

    reason: str


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call as it is logged; `outcome` is "ok" or a `FailureKind`. Holds no user."""

    request_id: str
    tier: str
    model: str
    outcome: str
    usage: TokenUsage
    cost_usd: float
    latency_ms: float


class Budget(Protocol):
    """The day's money, shared by every process of one event store; each tenant has as much."""

    async def reserve(
        self, usd: float, seconds: float, tenant: str = DEFAULT
    ) -> Reservation | BudgetSpent | BudgetUnread:
        """Set `usd` of the tenant's aside, waiting at most `seconds`; never raises."""

    def settle(self, reservation: Reservation, usd: float, record: CallRecord | None) -> None:
        """Give back what was not spent, and log the call; returns at once."""


class Breakers(Protocol):
    """One circuit breaker per tier."""

    def is_open(self, tier: str) -> bool:
        """Whether the tier is left alone at the moment."""

    async def run(self, tier: str, call: Callable[[], Awaitable[T | Failed]]) -> T | Failed:
        """The outcome of `call`, or a failure `breaker_open` without calling."""


class Observer(Protocol):
    """Is told what happens, for metrics."""

    def called(self, record: CallRecord, asked_to_cache: bool) -> None:
        """A call has ended."""

    def repaired(self, kind: str, times: int) -> None:
        """A mistake in a reply was mended, or a reason dropped."""
