"""Who sends many requests at once waits for their own answers, and nobody else does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from bentos.asgi_app import RecopsApp
from bentos.caller import Caller
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.turns import LineFull, Turns
from bentos.wiring import build_app
from components.adapters.store.engine import migrate
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from tests.asgi_client import call
from tests.worlds import make_bundle

FOR_EVER = 1_000.0


class Desk:
    """Notes who is being answered; an answer takes a few turns of the loop."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.now: list[str] = []
        self.most: dict[str, int] = {}
        self.answered: list[str] = []

    async def answer(self, name: str, rounds: int = 3) -> None:
        async with self.turns.of(name):
            self.now.append(name)
            self.most[name] = max(self.most.get(name, 0), self.now.count(name))
            for _ in range(rounds):
                await asyncio.sleep(0)
            self.now.remove(name)
            self.answered.append(name)


def together(*asked: Coroutine[Any, Any, None]) -> list[BaseException | None]:
    async def gather() -> list[BaseException | None]:
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(gather())


def test_few_of_one_address_are_answered_at_once_and_in_the_order_in_which_they_came() -> None:
    turns, order = Turns(2, FOR_EVER), []

    async def answer(n: int) -> None:
        async with turns.of("a"):
            order.append(n)
            await asyncio.sleep(0)

    desk = Desk(turns)
    together(*(desk.answer("a") for _ in range(20)))
    assert desk.most == {"a": 2}
    together(*(answer(n) for n in range(20)))
    assert order == list(range(20))


def test_who_comes_behind_a_crowd_of_another_address_waits_for_few_of_it() -> None:
    desk = Desk(Turns(2, FOR_EVER))
    together(*(desk.answer("crowd") for _ in range(50)), desk.answer("one"))
    assert desk.answered.index("one") <= 2


def test_answers_that_are_made_without_a_pause_do_not_follow_each_other_at_once() -> None:
    desk = Desk(Turns(1, FOR_EVER))
    together(*(desk.answer("crowd", 0) for _ in range(50)), desk.answer("one", 0))
    assert desk.answered.index("one") == 1


def test_this_machine_stands_in_no_line() -> None:
    desk = Desk(Turns(1, FOR_EVER))
    together(*(desk.answer("") for _ in range(9)))
    assert desk.most == {"": 9}


def test_beyond_so_many_that_wait_the_next_is_refused_and_nothing_stays_behind() -> None:
    turns = Turns(2, FOR_EVER, 5)
    desk = Desk(turns)
    found = together(*(desk.answer("a") for _ in range(9)), desk.answer("b"))
    assert [type(each) for each in found if each] == [LineFull, LineFull]
    assert desk.answered.count("a") == 7
    assert (turns._begun, turns._lines) == ({}, {})


def test_what_waits_long_for_others_gives_its_turn_on() -> None:
    turns = Turns(1, 0.01)

    async def ask() -> None:
        go_on = asyncio.Event()

        async def hold() -> None:
            async with turns.of("a"):
                await go_on.wait()

        held = [asyncio.create_task(hold()) for _ in range(3)]
        async with turns.of("a"):  # entered though none of the three is answered
            go_on.set()
        await asyncio.gather(*held)
        assert turns._begun == {}

    asyncio.run(asyncio.wait_for(ask(), 10))


def test_who_gives_up_or_fails_keeps_no_turn() -> None:
    turns = Turns(1, FOR_EVER)
    desk = Desk(turns)

    async def fail() -> None:
        async with turns.of("a"):
            raise ValueError("no")

    async def ask() -> None:
        first = asyncio.create_task(desk.answer("a", 5))
        await asyncio.sleep(0)
        gone = [asyncio.create_task(desk.answer("a")) for _ in range(3)]
        await asyncio.sleep(0)
        gone[0].cancel()
        await first
        gone[1].cancel()  # just when its turn has come
        await asyncio.gather(*gone, return_exceptions=True)
        with pytest.raises(ValueError, match="no"):
            await fail()
        await desk.answer("a")

    asyncio.run(ask())
    assert desk.answered == ["a"] * 3
    assert turns._begun == {}


@pytest.mark.parametrize(
    ("caller", "line"),
    [
        (Caller(), ""),
        (Caller("203.0.113.7"), "203.0.113.7"),
        (Caller("203.0.113.7", "key-1", "client", "8"), "203.0.113.7"),
        (Caller("203.0.113.7", "key-1", "server"), ""),
        (Caller("203.0.113.7", "key-2", "server", tenant="club"), "key-2"),
    ],
)
def test_a_line_is_an_addresss_or_a_guests(caller: Caller, line: str) -> None:
    assert caller.line == line


@pytest.fixture
def app(tmp_path: Path) -> Iterator[RecopsApp]:
    make_bundle(tmp_path / "src" / BUNDLE)
    variant = ServedVariant(routing=RoutingConfig(cold_start_threshold=5, candidates=200))
    ServedRelease(release_id="release-1", variants=(variant,)).write(tmp_path / "src")
    settings = Settings(home=tmp_path / "home", slot="blue")
    migrate(settings.store_url)
    app = build_app(settings, tmp_path / "src", busy_seconds=0.2)
    yield app
    app.close()


def test_a_slot_refuses_whom_the_line_of_their_address_has_no_place_for(app: RecopsApp) -> None:
    app._turns = Turns(1, FOR_EVER, 0)

    async def hold() -> None:
        async with app._turns.of("203.0.113.7"):
            for name, status in (("203.0.113.7", 429), ("203.0.113.8", 200)):
                reply = await asyncio.to_thread(
                    call, app, "POST", "/recommend", {"user_id": "8"}, {"x-recops-address": name}
                )
                assert reply.status == status
                assert reply.headers.get("retry-after") == ("1" if status == 429 else None)

    asyncio.run(hold())
