"""Asks a prompt about many logged requests, each at most once, several at a time, and within a budget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from components.reranking.calls import Model
from components.shadow.records import ShadowReply
from components.shadow.replay import Clock, ReplayedAnswer, ReplayedPrompt, ReplayTask, Terms, ask_prompt, most_usd


class AnswerLedger(Protocol):
    """Where answers are kept, and what they cost; shared by whoever works on the evaluation."""

    def claim(self, evaluation_id: str, request_id: str, prompt: str, tier: str, most_usd: float) -> bool:
        """Whether the prompt may be asked now; False when it was asked already."""

    def settle(self, evaluation_id: str, reply: ShadowReply, tier: str) -> None:
        """Keeps the answer."""

    def spent_usd(self, evaluation_id: str) -> float:
        """What the evaluation has cost, calls under way at their most."""


@dataclass(frozen=True)
class Collected:
    """How a round of asking ended.

    Attributes:
        asked: answers paid for in this round.
        stopped: whether the budget did not hold another call.
    """

    asked: tuple[ReplayedAnswer, ...]
    stopped: bool


@dataclass(frozen=True)
class Round:
    """For which evaluation is asked, on what terms, and how much it may cost altogether, in dollars."""

    evaluation_id: str
    terms: Terms
    budget_usd: float
    concurrency: int


async def ask_about(
    replays: Sequence[ReplayTask],
    prompt: ReplayedPrompt,
    round_: Round,
    model: Model,
    ledger: AnswerLedger,
    clock: Clock,
    order_of: Callable[[ReplayTask], Sequence[int]] | None = None,
) -> Collected:
    """Asks `prompt` about each of `replays` that it was not asked about yet, until the budget is reached.

    Before each call the most that it can cost is noted, so that the budget holds for whatever runs at once. The ledger
    is asked in threads: a call whose reply waited for a disk would seem slower than it is.

    Args:
        order_of: the order in which a request's candidates are shown; by default the given one.
    """
    gate, till = asyncio.Semaphore(round_.concurrency), asyncio.Lock()
    tier = round_.terms.tier.name
    stopped = False

    async def one(replay: ReplayTask) -> ReplayedAnswer | None:
        nonlocal stopped
        async with gate:
            most = most_usd(prompt, replay, round_.terms)
            async with till:
                spent = await asyncio.to_thread(ledger.spent_usd, round_.evaluation_id)
                if stopped or spent + most > round_.budget_usd:
                    stopped = True
                    return None
                key = (round_.evaluation_id, replay.request.request_id, prompt.version)
                if not await asyncio.to_thread(ledger.claim, *key, tier, most):
                    return None
            order = order_of(replay) if order_of else None
            asked = await ask_prompt(model, prompt, replay, round_.terms, clock, order)
            await asyncio.to_thread(ledger.settle, round_.evaluation_id, asked.reply, tier)
            return asked

    found = await asyncio.gather(*(one(replay) for replay in replays))
    return Collected(tuple(asked for asked in found if asked is not None), stopped)
