"""One circuit breaker per tier, by purgatory: closed, open after failures in a row, half-open with a single call."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from purgatory import AsyncCircuitBreakerFactory, ContextChanged, Event

from components.config.llm import Breaker
from components.reranking.calls import Failed

T = TypeVar("T")
StateListener = Callable[[str, str], None]
"""Is told the tier and its new state: closed, opened or half-opened."""


class _Counted(Exception):
    """Carries a failure that the breaker counts through purgatory, which counts exceptions."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.kind)
        self.failed = failed


class TierBreakers:
    """`components.reranking.calls.Breakers`, for the tiers of one process.

    purgatory lets everybody through once a breaker is half-open; here one call tries, and the others wait for what
    becomes of it.
    """

    def __init__(self, params: Breaker, tiers: Sequence[str], listener: StateListener) -> None:
        self._factory = AsyncCircuitBreakerFactory(params.failures, params.open_seconds)
        self._factory.add_listener(self._changed)
        self._open_seconds = params.open_seconds
        self._states = {tier: ContextChanged(tier, "closed", None) for tier in tiers}
        self._listener = listener
        self._trying: set[str] = set()
        for tier in tiers:
            listener(tier, "closed")

    def is_open(self, tier: str) -> bool:
        """Whether the tier is left alone at the moment; a tier that is being tried is, for everybody else."""
        last = self._states[tier]
        if tier in self._trying:
            return True
        return last.state == "opened" and time.time() <= (last.opened_at or 0.0) + self._open_seconds

    async def run(self, tier: str, call: Callable[[], Awaitable[T | Failed]]) -> T | Failed:
        """The outcome of `call`, or a failure `breaker_open` without calling."""
        if tier in self._trying:
            return Failed("breaker_open")
        if trying := self._states[tier].state != "closed":
            self._trying.add(tier)
        let_through = False
        try:
            async with await self._factory.get_breaker(tier):
                let_through = True
                outcome = await call()
                if isinstance(outcome, Failed) and outcome.of_service:
                    raise _Counted(outcome)
                return outcome
        except _Counted as counted:
            return counted.failed
        except Exception:
            if let_through:
                raise
            return Failed("breaker_open")  # what purgatory refuses with has no public name
        finally:
            if trying:
                self._trying.discard(tier)

    def _changed(self, tier: str, _event: str, change: Event) -> None:
        if isinstance(change, ContextChanged):
            self._states[tier] = change
            self._listener(tier, change.state)
