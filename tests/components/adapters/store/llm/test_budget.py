"""The day's money is never passed: not by many at once, not by two processes, not when one of them is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.llm.budget import LlmBudget, VariantBudget, _Reserve
from components.adapters.store.tables import llm_budget, llm_calls
from components.reranking.calls import BudgetSpent, BudgetUnread, CallRecord, Reservation
from components.reranking.cost import TokenUsage

NOON, NEXT_DAY = 1_790_000_000.0, 1_790_086_400.0
CALLER = """
import asyncio, sys, time
from components.adapters.store.engine import open_engine
from components.adapters.store.llm.budget import LlmBudget
from components.reranking.calls import CallRecord, Reservation
from components.reranking.cost import TokenUsage

async def main(url, name):
    budget = LlmBudget(open_engine(url, 10.0), time.time)
    mine = budget.for_variant("release-1", name, None, 0.05)
    async def call(n):
        reserved = await mine.reserve(0.001, 30.0)
        if isinstance(reserved, Reservation):
            await asyncio.sleep(0.005)
            mine.settle(reserved, 0.0004, CallRecord(f"{name}-{n}", "cheap", "m", "ok", TokenUsage(1, 1), 0.0004, 1.0))
            print("called", flush=True)
    for start in range(0, 400, 8):
        await asyncio.gather(*(call(start + n) for n in range(8)))
    budget.close(30.0)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    migrate(url)
    return url


@pytest.fixture
def budget(url: str) -> Iterator[LlmBudget]:
    budget = LlmBudget(open_engine(url, 1.0), lambda: NOON)
    yield budget
    budget.close()


def rows(url: str, table: Any) -> list[Any]:
    engine = open_engine(url)
    with reading(engine) as connection:
        found = list(connection.execute(select(table)).mappings())
    engine.dispose()
    return found


def record(cost: float) -> CallRecord:
    return CallRecord("request-1", "cheap", "model", "ok", TokenUsage(10, 20, 3, 4), cost, 12.5)


def reserve(budget: VariantBudget, *amounts: float) -> list[Any]:
    async def all_at_once() -> list[Any]:
        return list(await asyncio.gather(*(budget.reserve(usd, 10.0) for usd in amounts)))

    return asyncio.run(all_at_once())


def test_of_many_at_once_only_as_many_get_money_as_the_cap_holds(budget: LlmBudget, url: str) -> None:
    outcomes = reserve(budget.for_variant("r", "default", "3", 0.01), *[0.003] * 10)
    assert sum(isinstance(outcome, Reservation) for outcome in outcomes) == 3
    assert outcomes.count(BudgetSpent()) == 7
    assert rows(url, llm_budget)[0]["committed_nano_usd"] == 9_000_000


def test_settling_gives_back_what_was_not_spent_and_logs_the_call(budget: LlmBudget, url: str) -> None:
    mine = budget.for_variant("release-1", "default", "3", 0.01)
    (reserved,) = reserve(mine, 0.009)
    mine.settle(reserved, 0.002, record(0.002))
    assert isinstance(reserve(mine, 0.008)[0], Reservation)
    assert reserve(mine, 0.000001) == [BudgetSpent()]
    budget.close()
    (call,) = rows(url, llm_calls)
    assert (call["release_id"], call["variant"], call["prompt_version"]) == ("release-1", "default", "3")
    assert (call["input_tokens"], call["output_tokens"]) == (10, 20)
    assert (call["cache_read_tokens"], call["cache_write_tokens"], call["cost_usd"]) == (3, 4, 0.002)


def test_each_day_has_its_own_money_and_a_late_settlement_goes_to_the_day_of_its_call(url: str) -> None:
    clock = [NOON]
    budget = LlmBudget(open_engine(url, 1.0), lambda: clock[0])
    mine = budget.for_variant("r", "default", None, 0.01)
    (yesterday,) = reserve(mine, 0.01)
    clock[0] = NEXT_DAY
    assert isinstance(reserve(mine, 0.01)[0], Reservation)
    mine.settle(yesterday, 0.004, None)
    budget.close()
    assert [row["committed_nano_usd"] for row in rows(url, llm_budget)] == [4_000_000, 10_000_000]


def test_what_costs_nothing_needs_no_store(tmp_path: Path) -> None:
    budget = LlmBudget(open_engine(f"sqlite:///{tmp_path / 'nothing.db'}", 0.1), lambda: NOON)
    mine = budget.for_variant("r", "default", None, 0.0)
    assert isinstance(reserve(mine, 0.0)[0], Reservation)
    assert isinstance(reserve(mine, 0.1)[0], BudgetUnread)
    budget.close()


def test_a_store_that_is_locked_spends_nothing_and_a_late_reservation_goes_back(budget: LlmBudget, url: str) -> None:
    mine = budget.for_variant("r", "default", None, 0.01)
    reserve(mine, 0.0001)
    engine = open_engine(url)

    async def meanwhile() -> Any:
        with engine.begin() as blocker:
            blocker.exec_driver_sql("SELECT 1")
            return await mine.reserve(0.005, 0.05)

    assert isinstance(asyncio.run(meanwhile()), BudgetUnread)
    engine.dispose()
    assert isinstance(reserve(mine, 0.0099)[0], Reservation)


def spend(url: str, kill: bool) -> None:
    """Two processes spend at once; one is killed in the middle when `kill`."""
    command = [sys.executable, "-c", CALLER, url]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[5])}
    callers = [
        subprocess.Popen([*command, name], env=environment, stdout=subprocess.PIPE, text=True)
        for name in ("blue", "green")
    ]
    if kill:
        assert callers[0].stdout is not None
        for _ in range(10):
            callers[0].stdout.readline()
        callers[0].send_signal(signal.SIGKILL)
    for caller in callers:
        caller.communicate(timeout=120)


@pytest.mark.parametrize("kill", [False, True])
def test_two_processes_at_once_never_pass_the_cap_also_when_one_is_killed(url: str, kill: bool) -> None:
    before = time.time()
    spend(url, kill)
    paid = sum(row["cost_usd"] for row in rows(url, llm_calls) if row["called_at"] >= before)
    committed = sum(row["committed_nano_usd"] for row in rows(url, llm_budget)) / 1e9
    assert paid <= committed + 1e-9 <= 0.05 + 1e-9
    assert committed > 0.0485  # all of it was used, but for what no further call fits into
    if not kill:
        assert paid == pytest.approx(committed)


def test_the_money_of_a_wait_that_was_given_up_goes_back(budget: LlmBudget) -> None:
    """Given up between the booking and the answer, which no client can time."""

    class GivenUp(Future[Any]):
        def cancelled(self) -> bool:
            return False

        def set_running_or_notify_cancel(self) -> bool:
            return False

    mine = budget.for_variant("r", "default", "3", 0.01)
    budget.put(_Reserve(10_000_000, 10_000_000, GivenUp()))
    deadline = time.monotonic() + 10
    while not isinstance((found := reserve(mine, 0.01))[0], Reservation) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert isinstance(found[0], Reservation)


def test_a_tenant_that_has_spent_its_day_leaves_the_others_theirs(url: str, budget: LlmBudget) -> None:
    mine = budget.for_variant("r", "default", "3", 0.01)

    async def all_of(tenant: str) -> list[Any]:
        return [await mine.reserve(0.004, 5.0, tenant) for _ in range(3)]

    for tenant in ("shop", "default", "club"):
        kinds = [type(outcome) for outcome in asyncio.run(all_of(tenant))]
        assert kinds == [Reservation, Reservation, BudgetSpent]
    back = asyncio.run(mine.reserve(0.002, 5.0, "shop"))
    mine.settle(back, 0.001, record(0.001))
    budget.close()
    spent = {row["tenant"]: row["committed_nano_usd"] for row in rows(url, llm_budget)}
    assert spent == {"shop": 9_000_000, "default": 8_000_000, "club": 8_000_000}
    assert [row["tenant"] for row in rows(url, llm_calls)] == ["shop"]
