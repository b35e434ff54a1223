"""Who is answered side by side gets what they would get alone, and the event loop waits for no ranking."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bentos.ranking_threads import HURRIED_WAITING, MOST_WAITING, RankingsWait, RankingThreads
from components.config.routing import RoutingConfig
from components.serving.answer import Answer
from components.serving.bundle import Bundle, read_bundle
from components.serving.candidates import Candidates
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from tests.pipeline_worlds import write_pipeline_bundle

ROUTING = RoutingConfig(cold_start_threshold=2, candidates=100)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder: Path = tmp_path_factory.mktemp("bundle") / "bundle"
    kinds = ({"kind": "ease", "regularisation": 20}, {"kind": "session"}, {"kind": "lightfm", "epochs": 2})
    return read_bundle(write_pipeline_bundle(folder, n_users=60, n_items=60, n_each=20, generators=kinds))


def changed(bundle: Bundle, n: int) -> list[RecommendRequest]:
    """Requests whose histories no list was made for."""
    users, items = bundle.user_ids, bundle.items.ids
    bodies = [
        {"user_id": users[number % len(users)], "k": 8, "context": {"cart": [items[(7 * number) % len(items)]]}}
        for number in range(n)
    ]
    return [RecommendRequest.model_validate(body) for body in bodies]


def test_answers_made_side_by_side_are_those_made_one_by_one(bundle: Bundle) -> None:
    threads = RankingThreads(4)
    alone = RequestPath(bundle, ROUTING, "r", "s", "default")
    beside = RequestPath(bundle, ROUTING, "r", "s", "default", aside=threads.run)
    requests = changed(bundle, 200)

    async def all_at_once() -> list[Answer]:
        return list(await asyncio.gather(*(beside.answer(each, "q") for each in requests)))

    try:
        found = asyncio.run(all_at_once())
    finally:
        threads.close()
    for request, answer in zip(requests, found, strict=True):
        expected = alone.recommend(request, "q")
        assert answer.items == expected.items
        assert answer.candidates.items.tobytes() == expected.candidates.items.tobytes()
        assert answer.candidates.scores.tobytes() == expected.candidates.scores.tobytes()


def test_the_event_loop_goes_on_while_a_history_is_ranked(bundle: Bundle) -> None:
    go_on = threading.Event()
    threads = RankingThreads(1)

    async def held(work: Callable[[], Candidates], _hurried: bool) -> Candidates:
        def wait_and_work() -> Candidates:
            assert go_on.wait(10)
            return work()

        return await threads.run(wait_and_work)

    path = RequestPath(bundle, ROUTING, "r", "s", "default", aside=held)

    async def ask() -> str:
        stranger = {"user_id": "nobody", "context": {"cart": [bundle.items.ids[0]]}}
        slow = asyncio.create_task(path.answer(RecommendRequest.model_validate(stranger), "slow"))
        await asyncio.sleep(0)
        quick = await path.answer(RecommendRequest(user_id=bundle.user_ids[3]), "quick")
        assert not slow.done()
        go_on.set()
        return quick.request_id + (await slow).request_id

    try:
        assert asyncio.run(ask()) == "quickslow"
    finally:
        threads.close()


def test_an_error_of_a_ranking_reaches_who_asked() -> None:
    threads = RankingThreads(1)

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(threads.run(fail))
    threads.close()


@pytest.mark.parametrize(("hurried", "bound"), [(True, HURRIED_WAITING), (False, MOST_WAITING)])
def test_behind_so_many_nobody_waits_and_when_they_are_done_there_is_room(hurried: bool, bound: int) -> None:
    threads, go_on = RankingThreads(2), threading.Event()

    async def ask() -> list[object]:
        waiting = [asyncio.create_task(threads.run(go_on.wait)) for _ in range(2 + bound)]
        await asyncio.sleep(0)
        with pytest.raises(RankingsWait):
            await threads.run(lambda: True, hurried)
        go_on.set()
        return [*await asyncio.gather(*waiting), await threads.run(lambda: True, hurried)]

    try:
        assert asyncio.run(ask()) == [True] * (2 + bound + 1)
    finally:
        threads.close()


def test_a_ranking_that_nobody_waits_for_any_more_leaves_its_room() -> None:
    threads = RankingThreads(1)

    async def ask() -> bool:
        for _ in range(3 * MOST_WAITING):
            task = asyncio.create_task(threads.run(lambda: True))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return await threads.run(lambda: True, True)

    try:
        assert asyncio.run(ask())
    finally:
        threads.close()
