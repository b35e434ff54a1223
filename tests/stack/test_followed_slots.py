"""Slots that follow the store, two replicas each, as in containers: processes with folders of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from components.rollout.outcomes import RolledBack
from components.rollout.rollback import Cause, roll_back
from jobs.stack.take_down import processes_of
from tests.stack.followed_stack import FollowedStack
from tests.stack.small_stack import LIMITS

pytestmark = pytest.mark.slow


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[FollowedStack]:
    stack = FollowedStack(tmp_path)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
        assert processes_of(stack.settings) == []


def answering(port: int) -> str | None:
    """The release that a replica runs."""
    try:
        reply = httpx.get(f"http://127.0.0.1:{port}/release", timeout=5.0)
    except httpx.HTTPError:
        return None
    return str(reply.json()["release"])


def test_two_replicas_a_slot_are_promoted_rolled_back_and_end_with_their_followers(followed: FollowedStack) -> None:
    first = followed.promote().release.release_id
    live = followed.live_slot
    assert [answering(port) for port in followed.replicas[live]] == [first, first]

    second = followed.promote().release.release_id
    assert followed.live_slot != live
    assert [answering(port) for port in followed.replicas[followed.live_slot]] == [second, second]
    gateway = followed.settings.gateway_url
    with httpx.Client() as client:
        answers = [client.post(f"{gateway}/recommend", json={"user_id": str(n), "k": 3}).json() for n in range(1, 9)]
    assert {answer["release"] for answer in answers} == {second}

    outcome = roll_back(followed.world, Cause("test", "to try it"), LIMITS, lambda _line: None)
    assert isinstance(outcome, RolledBack), outcome
    assert httpx.get(f"{gateway}/release").json()["release"] == first

    ports = [port for replicas in followed.replicas.values() for port in replicas]
    followed.stop()
    assert [answering(port) for port in ports] == [None] * 4
