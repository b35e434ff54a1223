"""Another process ranks as this one does, to the last bit; where none can, this one does."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from bentos.ranking_processes import RankingProcesses
from bentos.ranking_threads import RankingThreads
from components.config.routing import Diversity, RoutingConfig
from components.ranking.fitted_pipeline import FittedPipeline
from components.recommenders.history import History
from components.serving.answer import Answer
from components.serving.bundle import Bundle, read_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from tests.pipeline_worlds import write_pipeline_bundle

ROUTING = RoutingConfig(cold_start_threshold=2, candidates=100)
NOTHING = np.empty(0, np.int32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home: Path = tmp_path_factory.mktemp("bundles")
    kinds = ({"kind": "ease", "regularisation": 20}, {"kind": "session"}, {"kind": "lightfm", "epochs": 2})
    write_pipeline_bundle(home / "bundle", n_users=60, n_items=60, n_each=20, generators=kinds)
    return home


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Bundle:
    return read_bundle(folder / "bundle")


@pytest.fixture
def processes(folder: Path) -> Iterator[RankingProcesses]:
    some = RankingProcesses(folder, ["bundle"], 1)
    some.start()
    yield some
    some.close()


def history_of(bundle: Bundle) -> History:
    assert isinstance(bundle.primary, FittedPipeline)
    return bundle.primary.histories.of(3).first(9)


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ranks(processes: RankingProcesses, bundle: Bundle) -> bool:
    return processes.rank("bundle", history_of(bundle), NOTHING, False, 5) is not None


def answers(path: RequestPath, requests: list[RecommendRequest]) -> list[Answer]:
    async def all_at_once() -> list[Answer]:
        return list(await asyncio.gather(*(path.answer(each, "q") for each in requests)))

    return asyncio.run(all_at_once())


def changed(bundle: Bundle, n: int, **more: object) -> list[RecommendRequest]:
    users, items = bundle.user_ids, bundle.items.ids
    carts = [[items[(7 * number) % len(items)]] for number in range(n)]
    bodies = [
        {"user_id": users[number % len(users)], "k": 8, "context": {"cart": cart}, **more}
        for number, cart in enumerate(carts)
    ]
    return [RecommendRequest.model_validate(body) for body in bodies]


@pytest.mark.parametrize("policy", [Diversity(), Diversity(strength=0.5), Diversity(max_per_category=2)])
def test_answers_with_rankings_of_another_process_are_those_of_this_one(
    bundle: Bundle, processes: RankingProcesses, policy: Diversity
) -> None:
    until(lambda: ranks(processes, bundle))
    asked: list[object] = []

    def counted(*question: object) -> object:
        asked.append(question)
        return processes.rank("bundle", *question)  # type: ignore[arg-type]

    routing, threads = ROUTING.model_copy(update={"diversity": policy}), RankingThreads(3)
    alone = RequestPath(bundle, routing, "r", "s", "default")
    beside = RequestPath(bundle, routing, "r", "s", "default", aside=threads.run, elsewhere=counted)  # type: ignore[arg-type]
    requests = [*changed(bundle, 60), *changed(bundle, 20, allow_seen=True), *changed(bundle, 20, exclude=["i1", "i2"])]
    found = answers(beside, requests)
    threads.close()
    assert len(asked) > len(requests) / 2  # others have nothing new in the cart
    for request, answer in zip(requests, found, strict=True):
        expected = alone.recommend(request, "q")
        assert answer.items == expected.items
        assert answer.candidates.items.tobytes() == expected.candidates.items.tobytes()
        assert answer.candidates.scores.tobytes() == expected.candidates.scores.tobytes()


def test_one_that_is_killed_is_replaced_and_nobody_waits_for_it(bundle: Bundle, processes: RankingProcesses) -> None:
    until(lambda: ranks(processes, bundle))
    [first] = processes.pids
    os.kill(first, signal.SIGKILL)
    path = RequestPath(
        bundle, ROUTING, "r", "s", "default", aside=RankingThreads(2).run, elsewhere=partial(processes.rank, "bundle")
    )
    alone = RequestPath(bundle, ROUTING, "r", "s", "default")
    requests = changed(bundle, 20)
    assert [each.items for each in answers(path, requests)] == [alone.recommend(each, "q").items for each in requests]
    until(lambda: ranks(processes, bundle))
    assert processes.pids != [first]


def test_before_one_is_ready_nobody_is_asked(folder: Path, bundle: Bundle) -> None:
    never_started = RankingProcesses(folder, ["bundle"], 2)
    assert not ranks(never_started, bundle)
    never_started.close()


def test_what_cannot_be_ranked_there_is_said_to_be_so(bundle: Bundle, processes: RankingProcesses) -> None:
    until(lambda: ranks(processes, bundle))
    assert processes.rank("another", history_of(bundle), NOTHING, False, 5) is None
    assert ranks(processes, bundle)


def test_one_that_cannot_start_is_not_waited_for(tmp_path: Path, bundle: Bundle) -> None:
    broken = RankingProcesses(tmp_path, ["bundle"], 1)
    broken.start()
    until(lambda: not ranks(broken, bundle) and not broken.pids)
    broken.close()


def test_none_is_left_once_closed(bundle: Bundle, processes: RankingProcesses) -> None:
    until(lambda: ranks(processes, bundle))
    [pid] = processes.pids
    processes.close()
    assert not psutil.pid_exists(pid)
    assert not ranks(processes, bundle)
