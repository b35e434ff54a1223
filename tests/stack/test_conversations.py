"""Conversations go on through a killed slot and a promotion."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from jobs.stack.take_down import stop_stack
from tests.chat_scripts import SCRIPTS, Item
from tests.film_bundle import make_film_bundle
from tests.stack.small_stack import SmallStack

pytestmark = pytest.mark.slow
TEN = SCRIPTS[:10]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[SmallStack]:
    stack = SmallStack(tmp_path / "home", make=make_film_bundle)
    try:
        stack.start()
        stack.promote()
        yield stack
    finally:
        stop_stack(stack.bench)


def say(stack: SmallStack, body: dict[str, Any]) -> Any:
    """The answer, within a minute: while the only slot starts again there is none."""
    deadline = time.monotonic() + 60
    while True:
        reply = httpx.post(f"{stack.settings.gateway_url}/chat", json=body, timeout=30)
        if reply.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
            assert reply.status_code == httpx.codes.OK, reply.text
            return reply.json()
        time.sleep(0.2)


def kill_live_slot(stack: SmallStack) -> None:
    guard = psutil.Process(stack.supervisor.state_of(stack.live_slot).pid)
    os.killpg(os.getpgid(guard.pid), signal.SIGKILL)


def test_ten_conversations_go_on_through_a_killed_slot_and_a_promotion(stack: SmallStack) -> None:
    begun: dict[str, str] = {}
    lists: dict[str, list[Item]] = {}
    releases: list[str] = []
    for place in range(4):
        if place == 1:
            kill_live_slot(stack)
        if place == 2:
            stack.promote(stack.rebuild)
        for script in TEN:
            message, must = script.turns[place]
            named = {"conversation_id": begun[script.name]} if place else {}
            named |= {"user_id": script.user} if script.user and not place else {}
            answer = say(stack, {"message": message, "k": 4, **named})
            assert must.faults(answer, lists.get(script.name, [])) == [], f"{script.name}: {message}"
            begun[script.name], lists[script.name] = answer["conversation_id"], answer["items"]
            releases.append(answer["release"])
    assert sorted(set(releases)) == ["release-1", "release-2"]
