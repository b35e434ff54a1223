"""What a canary is judged by, from rows in a real store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.tables import feedback, requests
from components.adapters.store.traffic.canary_traffic import SqlTraffic
from components.rollout.ports import Counts, EmptyAnswer


@pytest.fixture
def store(tmp_path: Path) -> Engine:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    migrate(url)
    return open_engine(url)


def answer(request_id: str, user_id: str, at: float, items: list[str], **changes: Any) -> dict[str, Any]:
    values = {
        "request_id": request_id,
        "received_at": at,
        "user_id": user_id,
        "k": 5,
        "context": {"exclude": ["9"]},
        "route": "cf",
        "release_id": "release-2",
        "slot": "blue",
        "variant": "default",
        "degraded": False,
        "cached": False,
        "candidates": [],
        "scores": [],
        "items": items,
        "timings_ms": {"total": 7.5},
        "cost_usd": 0.0,
    }
    return {**values, **changes}


def click(event_id: str, request_id: str, type: str = "click", at: float = 12.0) -> dict[str, Any]:
    who = {"user_id": "a", "item_id": "1", "occurred_at": at, "received_at": at}
    return {"event_id": event_id, "request_id": request_id, "type": type, **who}


@pytest.fixture
def traffic(store: Engine) -> SqlTraffic:
    rows = [
        answer("early", "a", 9.0, ["1"]),
        answer("r1", "a", 11.0, ["1", "2"]),
        answer("r2", "b", 11.5, []),
        answer("r3", "a", 12.0, ["3"], timings_ms={"total": 20.0}),
        answer("r4", "b", 13.0, [], k=7),
        answer("live", "c", 12.0, ["1"], release_id="release-1"),
    ]
    events = [click("e1", "r1"), click("e2", "r1"), click("e3", "r3", "view"), click("e4", "live")]
    with store.begin() as db:
        db.execute(insert(requests), rows)
        db.execute(insert(feedback), events)
    return SqlTraffic(store)


def test_an_arm_holds_what_one_release_answered_since_the_step_began(traffic: SqlTraffic) -> None:
    arm = traffic.answered("release-2", 10.0, Counts(6, 2))
    by_time = slice(None, None, -1)  # latest first
    assert arm.milliseconds[by_time].tolist() == [7.5, 7.5, 20.0, 7.5]
    assert arm.empty[by_time].tolist() == [False, True, False, True]
    assert arm.clicked[by_time].tolist() == [True, False, False, False]
    first, second, third, fourth = arm.users[by_time].tolist()
    assert (first, second) == (third, fourth)
    assert (arm.n_users, arm.asked, arm.failed, arm.requests) == (2, 6, 2, 6)


def test_nobody_asked_is_an_empty_arm(traffic: SqlTraffic) -> None:
    arm = traffic.answered("release-9", 10.0, Counts(0, 0))
    assert (arm.n_users, arm.requests, len(arm.clicked)) == (0, 0, 0)


def test_an_empty_answer_can_be_asked_again_once_for_each_user(traffic: SqlTraffic) -> None:
    (found,) = traffic.empty_answers("release-2", 10.0, 10)
    assert found == EmptyAnswer("b", {"exclude": ["9"], "user_id": "b", "k": 7})
    assert json.dumps(found.question)
    assert traffic.empty_answers("release-1", 10.0, 10) == []
