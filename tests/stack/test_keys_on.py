"""With keys on, a whole stack promotes and answers, and a key that is taken back opens nothing in either slot."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from jobs.access.manage_keys import make, revoke
from tests.stack.small_stack import SmallStack

pytestmark = pytest.mark.slow


@pytest.fixture
def guarded(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallStack]:
    monkeypatch.setenv("RECOPS_KEYS", "on")
    stack = SmallStack(tmp_path_factory.mktemp("guarded"))
    stack.start()
    yield stack
    stack.supervisor.shut_down()
    stack.bench.close()


def test_a_key_opens_the_gateway_until_it_is_taken_back_in_both_slots(guarded: SmallStack) -> None:
    for _ in range(2):
        guarded.promote()
    key = make(guarded.bench, "shop", "server", None, time.time(), "test")
    good = {"authorization": f"Bearer {key.text}"}
    gateway, body = f"{guarded.settings.gateway_url}/recommend", {"user_id": "8"}
    slots = [f"{url}/recommend" for slot in ("blue", "green") for url in guarded.settings.slot_urls(slot)]
    time.sleep(1.0)
    assert httpx.post(gateway, json=body).status_code == 401
    assert httpx.post(gateway, json=body, headers={"x-recops-probe": "default"}).status_code == 401
    for url in (gateway, *slots):
        assert httpx.post(url, json=body, headers=good).status_code == 200
    revoke(guarded.bench, key.key.key_id, time.time(), "test")
    time.sleep(1.0)
    for url in (gateway, *slots):
        assert httpx.post(url, json=body, headers=good).status_code == 401
