"""What the writer thread promises: an acknowledgement means stored, once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import feedback, requests, shown_items
from components.adapters.store.traffic.request_log import LogCounts
from components.adapters.store.write_queue import FeedbackStored, StoreUnavailable, WriteQueue


@pytest.fixture
def queue(url: str) -> Iterator[WriteQueue]:
    queue = WriteQueue(open_engine(url, busy_timeout_seconds=0.2), flush_seconds=0.02)
    yield queue
    queue.close()


def event(event_id: str, item_id: str = "101") -> dict[str, Any]:
    return {
        "event_id": event_id,
        "request_id": None,
        "user_id": "1",
        "item_id": item_id,
        "type": "click",
        "value": None,
        "occurred_at": 1.0,
        "received_at": 2.0,
    }


def request(request_id: str) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "received_at": 1.0,
        "user_id": "1",
        "k": 2,
        "context": "{}",
        "route": "cf",
        "fallback_reason": None,
        "release_id": "r",
        "slot": "blue",
        "variant": "default",
        "degraded": False,
        "cached": False,
        "candidates": '["101","102","103"]',
        "scores": "[3.0,2.0,1.0]",
        "items": '["101","102"]',
        "timings_ms": '{"total":1.5}',
        "cost_usd": 0.0,
        "model_version": 3,
        "prompt_version": None,
        "experiments": '{"layout":"wide"}',
        "n_known": 7,
        "explored_position": None,
        "canary": False,
        "llm": None,
        "item_sources": '["cf"]',
        "item_scores": "[0.5,0.25]",
        "item_propensities": None,
        "tenant": "default",
    }


def stored_ids(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(select(feedback.c.event_id).order_by(feedback.c.sequence)).scalars())


async def post_all(queue: WriteQueue, posts: list[list[dict[str, Any]]]) -> list[FeedbackStored]:
    return await asyncio.gather(*(queue.append_feedback(post) for post in posts))


def test_what_is_acknowledged_is_stored_in_the_order_of_the_posts(queue: WriteQueue, engine: Engine) -> None:
    outcomes = asyncio.run(post_all(queue, [[event("a"), event("b")], [event("c")]]))
    assert outcomes == [FeedbackStored(2, 0), FeedbackStored(1, 0)]
    assert stored_ids(engine) == ["a", "b", "c"]


def test_an_event_counts_once_however_often_it_is_posted(queue: WriteQueue, engine: Engine) -> None:
    first = asyncio.run(post_all(queue, [[event("a"), event("a", "102")], [event("a"), event("b")]]))
    again = asyncio.run(post_all(queue, [[event("b"), event("a")]]))
    assert first == [FeedbackStored(1, 1), FeedbackStored(1, 1)]
    assert again == [FeedbackStored(0, 2)]
    with reading(engine) as connection:
        rows = connection.execute(select(feedback.c.event_id, feedback.c.item_id).order_by(feedback.c.sequence))
        assert [tuple(row) for row in rows] == [("a", "101"), ("b", "101")]


def test_a_long_list_is_counted_exactly(queue: WriteQueue, engine: Engine) -> None:
    asyncio.run(post_all(queue, [[event(f"e{number}") for number in range(0, 3_000, 3)]]))
    outcome = asyncio.run(post_all(queue, [[event(f"e{number}") for number in range(3_000)]]))
    assert outcome == [FeedbackStored(2_000, 1_000)]
    assert len(stored_ids(engine)) == len(set(stored_ids(engine))) == 3_000


def test_two_processes_store_each_event_once(url: str, engine: Engine) -> None:
    code = """
import asyncio, sys
from components.adapters.store.engine import open_engine
from components.adapters.store.write_queue import WriteQueue
async def post():
    row = dict(request_id=None, user_id="1", item_id="101", type="click", value=None, occurred_at=1.0, received_at=2.0)
    queue = WriteQueue(open_engine(sys.argv[1]))
    outcomes = await asyncio.gather(*(queue.append_feedback([{**row, "event_id": str(n)}]) for n in range(200)))
    queue.close()
    print(sum(outcome.accepted for outcome in outcomes))
asyncio.run(post())
"""
    command = [sys.executable, "-W", "error", "-c", code, url]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    accepted = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(accepted) == 200
    assert sorted(stored_ids(engine), key=int) == [str(number) for number in range(200)]


def test_a_locked_store_is_an_error_and_the_next_post_succeeds(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    migrate(url)
    engine, queue = open_engine(url), WriteQueue(open_engine(url, busy_timeout_seconds=0.2))
    with engine.begin() as blocker:
        blocker.exec_driver_sql("SELECT 1")
        with pytest.raises(StoreUnavailable, match="locked"):
            asyncio.run(queue.append_feedback([event("a")]))
    assert stored_ids(engine) == []
    assert asyncio.run(queue.append_feedback([event("a")])) == FeedbackStored(1, 0)
    queue.close()
    engine.dispose()


def test_a_store_without_tables_is_an_error(tmp_path: Path) -> None:
    queue = WriteQueue(open_engine(f"sqlite:///{tmp_path / 'empty.db'}"))
    with pytest.raises(StoreUnavailable):
        asyncio.run(queue.append_feedback([event("a")]))
    queue.close()


def test_more_waiting_events_than_allowed_are_refused(url: str, engine: Engine) -> None:
    queue = WriteQueue(open_engine(url), max_events=2)
    with pytest.raises(StoreUnavailable, match="too many"):
        asyncio.run(queue.append_feedback([event("a"), event("b"), event("c")]))
    queue.close()
    assert stored_ids(engine) == []


def test_requests_and_what_they_showed_are_written_when_the_queue_closes(url: str, engine: Engine) -> None:
    queue = WriteQueue(open_engine(url), flush_seconds=60.0)
    for number in range(1_200):
        queue.log_request(request(str(number)))
    queue.log_request(request("7"))
    queue.close()
    with reading(engine) as connection:
        rows = connection.execute(select(requests).order_by(requests.c.request_id)).all()
        seen = connection.execute(select(shown_items).order_by(shown_items.c.request_id, shown_items.c.position)).all()
    assert len(rows) == 1_200
    assert (rows[0].candidates, rows[0].scores) == (["101", "102", "103"], [3.0, 2.0, 1.0])
    assert (rows[0].timings_ms, rows[0].context, rows[0].degraded) == ({"total": 1.5}, {}, False)
    assert (rows[0].experiments, rows[0].llm, rows[0].canary) == ({"layout": "wide"}, None, False)
    assert len(seen) == 2_400
    assert [tuple(row) for row in seen[:2]] == [
        ("0", 1, "101", "1", 1.0, "cf", 0.5, 1.0, "r", "default"),
        ("0", 2, "102", "1", 1.0, "cf", 0.25, 1.0, "r", "default"),
    ]


def test_what_an_impression_says_is_kept_as_it_is(url: str, engine: Engine) -> None:
    told = {"user_id": "Zoë's \"; DROP TABLE", "received_at": 1764037200.123456, "variant": "ü", "release_id": "r-1"}
    lists = {
        "items": '["0042","a\\"b"]',
        "item_sources": '["a+b","c"]',
        "item_scores": "[null,-1e-9]",
        "item_propensities": f"[{1 / 3},1.0]",
    }
    queue = WriteQueue(open_engine(url))
    queue.log_request(request("r") | told | lists)
    queue.close()
    who, when, of = told["user_id"], told["received_at"], (told["release_id"], told["variant"])
    with reading(engine) as connection:
        rows = connection.execute(select(shown_items).order_by(shown_items.c.position)).all()
    assert [tuple(row) for row in rows] == [
        ("r", 1, "0042", who, when, "a+b", None, 1 / 3, *of),
        ("r", 2, 'a"b', who, when, "c", -1e-9, 1.0, *of),
    ]


def test_a_request_whose_impressions_are_not_logged_showed_nothing(url: str, engine: Engine) -> None:
    queue = WriteQueue(open_engine(url))
    queue.log_request(request("r") | dict.fromkeys(("item_sources", "item_scores", "item_propensities")))
    queue.close()
    with reading(engine) as connection:
        assert connection.execute(select(requests.c["items"])).scalars().all() == [["101", "102"]]
        assert connection.execute(select(shown_items)).all() == []


def test_requests_that_do_not_fit_are_dropped_and_counted(url: str, engine: Engine) -> None:
    with engine.begin() as blocker:
        blocker.execute(requests.insert().values(**request("blocker")))
        queue = WriteQueue(open_engine(url), max_request_rows=3, flush_seconds=60.0)
        for number in range(5):
            queue.log_request(request(str(number)))
        assert queue.counts["requests"] == LogCounts(written=0, dropped=2, waiting=3)
    queue.close()
    assert queue.counts["requests"] == LogCounts(written=3, dropped=2, waiting=0)


def test_a_request_that_the_store_refuses_costs_no_feedback(queue: WriteQueue, engine: Engine) -> None:
    queue.log_request({**request("bad"), "user_id": None})
    assert asyncio.run(queue.append_feedback([event("a")])) == FeedbackStored(1, 0)
    queue.close()
    assert queue.counts["requests"] == LogCounts(written=0, dropped=1, waiting=0)
    assert stored_ids(engine) == ["a"]


def test_a_closed_queue_acknowledges_nothing(queue: WriteQueue) -> None:
    queue.close()
    queue.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        asyncio.run(queue.append_feedback([event("a")]))


def test_room_comes_back_with_each_commit(url: str) -> None:
    """Ten posts of six events pass, one after the other, where ten events may wait."""
    queue = WriteQueue(open_engine(url), max_events=10, flush_seconds=0.02)
    try:
        for post in range(10):
            stored = asyncio.run(queue.append_feedback([event(f"{post}-{place}") for place in range(6)]))
            assert stored == FeedbackStored(6, 0)
        with pytest.raises(StoreUnavailable, match="too many events"):
            asyncio.run(queue.append_feedback([event(f"many-{place}") for place in range(11)]))
    finally:
        queue.close()
