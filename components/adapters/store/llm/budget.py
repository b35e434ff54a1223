"""Reserves and settles the day's money for language models, and logs what calls cost, in a thread of its own.

One row a day and tenant holds what is spent together with what calls under way may cost at most. A reservation is one
statement that adds to it only where the sum stays within the cap, so it holds for any number of processes at once;
settling takes the difference away again. What a killed process had reserved is never taken away: it counts as spent.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from sqlalchemy import Connection, Engine, insert, update
from sqlalchemy.dialects import postgresql, sqlite

from components.access.tenants import DEFAULT
from components.adapters.store.tables import llm_budget, llm_calls
from components.reranking.calls import BudgetSpent, BudgetUnread, CallRecord, Reservation

logger = logging.getLogger("recops.llm")

NANO = 1_000_000_000
Outcome = Reservation | BudgetSpent | BudgetUnread


@dataclass(frozen=True, slots=True)
class _Reserve:
    nano: int
    cap_nano: int
    done: Future[Outcome]
    tenant: str = DEFAULT


@dataclass(frozen=True, slots=True)
class _Settle:
    day: str
    tenant: str
    nano_back: int
    row: dict[str, object] | None


class LlmBudget:
    """The money of one process's calls; `for_variant` makes what a cascade takes.

    What waits while one transaction runs shares the next one.

    Args:
        engine: the event store.
        now: seconds since 1970; the day is that of UTC.
    """

    def __init__(self, engine: Engine, now: Callable[[], float]) -> None:
        self._engine = engine
        self._now = now
        self._jobs: SimpleQueue[_Reserve | _Settle | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="llm-budget", daemon=True)
        self._thread.start()

    def for_variant(self, release_id: str, variant: str, prompt_version: str | None, cap_usd: float) -> VariantBudget:
        """The same money, under a variant's own cap and name in the log."""
        return VariantBudget(self, release_id, variant, prompt_version, math.floor(cap_usd * NANO), self._now)

    def close(self, timeout: float = 5.0) -> None:
        """Settles what waits, ends the thread and lets go of the store; safe to call twice."""
        self._jobs.put(None)
        self._thread.join(timeout)
        self._engine.dispose()

    def put(self, job: _Reserve | _Settle) -> None:
        """Queues one change."""
        self._jobs.put(job)

    def _run(self) -> None:
        ending = False
        while not ending:
            jobs = [self._jobs.get()]
            while True:
                try:
                    jobs.append(self._jobs.get_nowait())
                except Empty:
                    break
            ending = None in jobs
            work = [job for job in jobs if job is not None]
            if work:
                self._commit(work)

    def _commit(self, jobs: Sequence[_Reserve | _Settle]) -> None:
        day = datetime.fromtimestamp(self._now(), UTC).date().isoformat()
        outcomes: list[tuple[_Reserve, Outcome]] = []
        try:
            with self._engine.begin() as connection:
                for job in jobs:
                    if isinstance(job, _Settle):
                        _settle(connection, job)
                    elif job.done.cancelled():
                        continue
                    else:
                        outcomes.append((job, _reserve(connection, day, job)))
        except Exception as error:
            logger.warning("the budget of the language model could not be read or written: %s", type(error).__name__)
            unread = BudgetUnread(type(error).__name__)
            outcomes = [(job, unread) for job in jobs if isinstance(job, _Reserve)]
        for job, outcome in outcomes:
            if job.done.set_running_or_notify_cancel():
                job.done.set_result(outcome)
            elif isinstance(outcome, Reservation):  # nobody waits any more: the money goes back
                self.put(_Settle(outcome.day, outcome.tenant, job.nano, None))


class VariantBudget:
    """`components.reranking.calls.Budget` of one variant."""

    def __init__(
        self,
        budget: LlmBudget,
        release_id: str,
        variant: str,
        prompt_version: str | None,
        cap_nano: int,
        now: Callable[[], float],
    ) -> None:
        self._budget = budget
        self._names = {"release_id": release_id, "variant": variant, "prompt_version": prompt_version}
        self._cap_nano = cap_nano
        self._now = now

    async def reserve(self, usd: float, seconds: float, tenant: str = DEFAULT) -> Outcome:
        """Set `usd` of the tenant's aside, waiting at most `seconds`; what costs nothing needs no store."""
        if usd == 0:
            return Reservation("", 0.0, tenant)
        nano = math.ceil(usd * NANO)
        done: Future[Outcome] = Future()
        self._budget.put(_Reserve(nano, self._cap_nano, done, tenant))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(done), seconds)
        except TimeoutError:
            return BudgetUnread(f"the event store did not answer within {seconds * 1000:.0f} ms")

    def settle(self, reservation: Reservation, usd: float, record: CallRecord | None) -> None:
        """Give back what was not spent, and log the call; returns at once."""
        back = round(reservation.usd * NANO) - math.ceil(usd * NANO)
        row = None if record is None else self._row(record, reservation.tenant)
        if row is not None or back:
            self._budget.put(_Settle(reservation.day, reservation.tenant, back if reservation.day else 0, row))

    def _row(self, record: CallRecord, tenant: str) -> dict[str, object]:
        return {
            "call_id": uuid.uuid4().hex,
            "request_id": record.request_id,
            "tenant": tenant,
            "called_at": self._now(),
            **self._names,
            "tier": record.tier,
            "model": record.model,
            "outcome": record.outcome,
            "input_tokens": record.usage.input,
            "output_tokens": record.usage.output,
            "cache_read_tokens": record.usage.cache_read,
            "cache_write_tokens": record.usage.cache_write,
            "cost_usd": record.cost_usd,
            "latency_ms": record.latency_ms,
        }


def _reserve(connection: Connection, day: str, job: _Reserve) -> Outcome:
    first = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"day": day, "tenant": job.tenant, "committed_nano_usd": 0}
    connection.execute(first(llm_budget).values(row).on_conflict_do_nothing())
    committed = llm_budget.c.committed_nano_usd
    theirs = (llm_budget.c.day == day) & (llm_budget.c.tenant == job.tenant)
    within = theirs & (committed + job.nano <= job.cap_nano)
    changed = connection.execute(update(llm_budget).where(within).values(committed_nano_usd=committed + job.nano))
    return Reservation(day, job.nano / NANO, job.tenant) if changed.rowcount == 1 else BudgetSpent()


def _settle(connection: Connection, job: _Settle) -> None:
    if job.nano_back:
        committed = llm_budget.c.committed_nano_usd
        theirs = (llm_budget.c.day == job.day) & (llm_budget.c.tenant == job.tenant)
        connection.execute(update(llm_budget).where(theirs).values(committed_nano_usd=committed - job.nano_back))
    if job.row is not None:
        connection.execute(insert(llm_calls).values(**job.row))
