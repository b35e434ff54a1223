"""A tier that fails in a row is left alone, then tried by one call, through the public names of purgatory alone."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import purgatory
import pytest

from components.adapters.llm import breakers
from components.adapters.llm.breakers import TierBreakers
from components.config.llm import Breaker
from components.reranking.calls import Failed, Reply

DOWN = Failed("timeout")
OF_OURS = Failed("malformed", of_service=False)


class Tier:
    """Answers what it is told, and counts; `gate` holds its calls back."""

    def __init__(self, open_seconds: float = 0.05) -> None:
        self.changes: list[tuple[str, str]] = []
        self.breakers = TierBreakers(
            Breaker(failures=2, open_seconds=open_seconds),
            ["cheap", "dear"],
            lambda *change: self.changes.append(change),
        )
        self.calls = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(self, outcome: Reply | Failed | Exception, tier: str = "cheap") -> Reply | Failed:
        async def call() -> Reply | Failed:
            self.calls += 1
            await self.gate.wait()
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return await self.breakers.run(tier, call)


def test_only_public_names_of_purgatory_are_used() -> None:
    tree = ast.parse(Path(str(breakers.__file__)).read_text())
    named = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and "purgatory" in str(node.module)]
    assert [node.module for node in named] == ["purgatory"]
    assert {alias.name for node in named for alias in node.names} <= set(purgatory.__all__)


async def _opens_and_lets_one_try() -> None:
    tier = Tier()
    assert [await tier.ask(DOWN) for _ in range(3)] == [DOWN, DOWN, Failed("breaker_open")]
    assert tier.calls == 2
    assert tier.breakers.is_open("cheap")
    assert not tier.breakers.is_open("dear")
    await asyncio.sleep(0.06)
    assert not tier.breakers.is_open("cheap")
    tier.gate.clear()
    first = asyncio.create_task(tier.ask(OF_OURS))
    await asyncio.sleep(0)
    assert tier.breakers.is_open("cheap")
    assert [await tier.ask(DOWN) for _ in range(3)] == [Failed("breaker_open")] * 3
    tier.gate.set()
    assert await first == OF_OURS
    assert tier.calls == 3
    assert not tier.breakers.is_open("cheap")
    assert tier.changes == [
        ("cheap", "closed"),
        ("dear", "closed"),
        ("cheap", "opened"),
        ("cheap", "half-opened"),
        ("cheap", "closed"),
    ]


def test_failures_in_a_row_open_it_and_one_call_tries_again() -> None:
    asyncio.run(_opens_and_lets_one_try())


async def _a_failed_try_opens_it_again() -> None:
    tier = Tier()
    for outcome in (DOWN, OF_OURS, DOWN, DOWN):  # the second breaks the row
        assert not tier.breakers.is_open("cheap")
        await tier.ask(outcome)
    await asyncio.sleep(0.06)
    with pytest.raises(ZeroDivisionError):
        await tier.ask(ZeroDivisionError())
    assert tier.breakers.is_open("cheap")


def test_a_try_that_fails_or_raises_opens_it_again() -> None:
    asyncio.run(_a_failed_try_opens_it_again())
