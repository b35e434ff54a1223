"""The cache gives an answer again for as long as it holds, and makes each only once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from components.config.routing import Cache
from components.serving.answer_cache import SPARE, AnswerCache, CachedContent, FoundAnswer, MadeAnswer
from components.serving.cache_key import CacheKey, user_hash
from tests.garbage import looked_at

KEY = CacheKey(user_hash("u"), "a")
OTHER = CacheKey(user_hash("v"), "b")
HOUR = 3600.0


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Kitchen:
    """Makes numbered answers, each once `ready` is set, or at once without it."""

    ready: asyncio.Event | None = None
    keep: bool = True
    made: int = 0

    async def __call__(self) -> MadeAnswer:
        self.made += 1
        number = self.made
        if self.ready is not None:
            await self.ready.wait()
        return MadeAnswer(b"answer %d" % number, self.keep)


@dataclass
class Shelf:
    """A shared cache in a dictionary."""

    kept: dict[CacheKey, CachedContent] = field(default_factory=dict)

    async def get(self, key: CacheKey) -> CachedContent | None:
        return self.kept.get(key)

    def put(self, key: CacheKey, content: bytes, seconds: float) -> None:
        self.kept[key] = CachedContent(content, seconds)


def ask(cache: AnswerCache, make: Callable[[], Awaitable[MadeAnswer]], key: CacheKey = KEY) -> FoundAnswer:
    return asyncio.run(cache.find(key, None, make))


def test_an_answer_is_given_again_for_an_hour_and_not_longer() -> None:
    clock, make = Clock(), Kitchen()
    cache = AnswerCache(Cache(ttl_seconds=HOUR), None, clock)
    assert ask(cache, make) == FoundAnswer(b"answer 1", "computed")
    clock.now = HOUR - 1
    assert ask(cache, make) == FoundAnswer(b"answer 1", "memory")
    clock.now = HOUR
    assert ask(cache, make) == FoundAnswer(b"answer 2", "computed")


def test_what_should_not_be_kept_is_made_each_time() -> None:
    cache, make = AnswerCache(Cache(), Shelf(), Clock()), Kitchen(keep=False)
    assert [ask(cache, make).origin for _ in range(3)] == ["computed"] * 3
    assert cache.size == (0, 0)


def test_memory_is_bounded_and_the_least_recently_used_answer_goes_first() -> None:
    cache, make = AnswerCache(Cache(max_megabytes=20e-6), None, Clock()), Kitchen()  # two answers of 8 bytes
    keys = [CacheKey("u", str(n)) for n in range(3)]
    for key in (keys[0], keys[1], keys[0], keys[2]):
        ask(cache, make, key)
    assert cache.size == (2, 16)
    assert [ask(cache, make, key).origin for key in (keys[0], keys[2], keys[1])] == ["memory", "memory", "computed"]


def test_an_answer_larger_than_the_cache_is_given_and_not_kept() -> None:
    cache, make = AnswerCache(Cache(max_megabytes=0), None, Clock()), Kitchen()
    assert [ask(cache, make).content for _ in range(2)] == [b"answer 1", b"answer 2"]


def test_a_hundred_equal_questions_at_once_are_one_computation() -> None:
    async def stampede() -> tuple[list[FoundAnswer], int]:
        make = Kitchen(ready=asyncio.Event())
        cache = AnswerCache(Cache(), None, Clock())
        asked = [asyncio.create_task(cache.find(KEY, 500, make)) for _ in range(100)]
        await asyncio.sleep(0)
        assert make.ready is not None
        make.ready.set()
        return await asyncio.gather(*asked), make.made

    found, made = asyncio.run(stampede())
    assert made == 1
    assert {each.content for each in found} == {b"answer 1"}
    assert sorted(each.origin for each in found) == ["computed"] + ["joined"] * 99


def test_nobody_waits_for_somebody_more_patient() -> None:
    async def ask_both() -> int:
        slow, quick = Kitchen(ready=asyncio.Event()), Kitchen()
        cache = AnswerCache(Cache(), None, Clock())
        patient = asyncio.create_task(cache.find(KEY, 60_000, slow))
        await asyncio.sleep(0)
        assert (await cache.find(KEY, 500, quick)).origin == "computed"
        assert slow.ready is not None
        slow.ready.set()
        assert (await patient).origin == "computed"
        return slow.made + quick.made

    assert asyncio.run(ask_both()) == 2


def test_an_error_reaches_all_who_wait_and_nothing_is_kept() -> None:
    async def fail() -> MadeAnswer:
        await asyncio.sleep(0)
        raise ValueError("broken")

    async def ask_three() -> list[BaseException | FoundAnswer]:
        cache = AnswerCache(Cache(), None, Clock())
        failed = await asyncio.gather(*(cache.find(KEY, None, fail) for _ in range(3)), return_exceptions=True)
        return [*failed, await cache.find(KEY, None, Kitchen())]

    *failed, found = asyncio.run(ask_three())
    assert [str(error) for error in failed] == ["broken"] * 3
    assert found == FoundAnswer(b"answer 1", "computed")


def test_an_error_that_nobody_waits_for_warns_nobody() -> None:
    async def fail() -> MadeAnswer:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        ask(AnswerCache(Cache(), None, Clock()), fail)


def test_when_the_one_who_makes_it_leaves_another_one_takes_over() -> None:
    async def leave() -> tuple[FoundAnswer, int]:
        make = Kitchen(ready=asyncio.Event())
        cache = AnswerCache(Cache(), None, Clock())
        first = asyncio.create_task(cache.find(KEY, None, make))
        second = asyncio.create_task(cache.find(KEY, None, make))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        assert make.ready is not None
        make.ready.set()
        return await second, make.made

    assert asyncio.run(leave()) == (FoundAnswer(b"answer 2", "computed"), 2)


def test_one_who_waits_and_leaves_takes_nothing_with_him() -> None:
    async def leave() -> FoundAnswer:
        make = Kitchen(ready=asyncio.Event())
        cache = AnswerCache(Cache(), None, Clock())
        first = asyncio.create_task(cache.find(KEY, None, make))
        second = asyncio.create_task(cache.find(KEY, None, make))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        assert make.ready is not None
        make.ready.set()
        return await first

    assert asyncio.run(leave()) == FoundAnswer(b"answer 1", "computed")


def test_what_another_process_made_is_found_and_holds_no_longer_than_there() -> None:
    clock, shelf, make = Clock(), Shelf(), Kitchen()
    ask(AnswerCache(Cache(ttl_seconds=HOUR), shelf, clock), make)
    assert shelf.kept == {KEY: CachedContent(b"answer 1", HOUR)}
    shelf.kept[KEY] = CachedContent(b"answer 1", 10.0)
    second = AnswerCache(Cache(ttl_seconds=HOUR), shelf, clock)
    assert ask(second, make) == FoundAnswer(b"answer 1", "shared")
    shelf.kept.clear()
    clock.now = 9
    assert ask(second, make).origin == "memory"
    clock.now = 10
    assert ask(second, make) == FoundAnswer(b"answer 2", "computed")


def test_a_forgotten_users_answers_are_gone_and_others_stay() -> None:
    cache, make = AnswerCache(Cache(), None, Clock()), Kitchen()
    for key in (KEY, CacheKey(KEY.user, "b"), OTHER):
        ask(cache, make, key)
    assert cache.forget("u") == 2
    assert [ask(cache, make, key).origin for key in (KEY, OTHER)] == ["computed", "memory"]


def test_what_a_user_was_answered_before_they_did_something_goes_once_they_are_answered_anew() -> None:
    async def run() -> None:
        cache, make = AnswerCache(Cache(), None, Clock()), Kitchen()
        mine = [CacheKey("u", str(n)) for n in range(4)]
        theirs = CacheKey("v", "b")
        for key, version in ((mine[0], 1), (mine[1], 1), (theirs, 1), (mine[2], 5)):
            await cache.find(key, None, make, version)
        assert cache.size[0] == 2
        assert [(await cache.find(key, None, make, 5)).origin for key in (mine[2], theirs)] == ["memory"] * 2
        await cache.find(mine[3], None, make, 4)  # one that was under way meanwhile
        assert (await cache.find(mine[2], None, make, 5)).origin == "memory"

    asyncio.run(run())


def test_notes_of_answers_take_no_more_memory_than_the_answers_that_are_kept() -> None:
    async def run() -> AnswerCache:
        cache, make = AnswerCache(Cache(max_megabytes=100e-6), None, Clock()), Kitchen()
        for n in range(3 * SPARE):
            await cache.find(CacheKey(str(n % (2 * SPARE)), str(n)), None, make, n)
        return cache

    cache = asyncio.run(run())
    assert cache.size[0] < 20
    assert len(cache._versions) <= SPARE + 50


def test_the_garbage_collector_looks_at_as_much_whether_ten_answers_are_kept_or_a_thousand() -> None:
    async def keep(n_users: int) -> int:
        cache, make = AnswerCache(Cache(), None, Clock()), Kitchen()
        for n in range(n_users):
            for version in (1, 2, 2):
                await cache.find(CacheKey(f"u{n}", str(make.made)), None, make, version)
        assert cache.size[0] == 2 * n_users
        return looked_at(cache)

    assert asyncio.run(keep(500)) - asyncio.run(keep(5)) < 10
