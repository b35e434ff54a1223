"""Releases that do harm, really built and really asked: each is found during its canary, and the live one goes on."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from components.adapters.slots.bento_files import list_files
from components.rollout.outcomes import Promoted, PromotionRefused
from components.rollout.release import Release
from components.rollout.states import State
from tests.stack.small_stack import QUICK, SmallStack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
WATCHED = QUICK.model_copy(update={"seconds_per_step": 10.0, "looks_per_step": 4, "p95_floor_ms": 300.0})
"""Steps of 10 seconds; on a busy machine an answer may by chance take long."""
ANCHOR = "        if marks.canary == answer.release:"
HARM = {
    "slow": "        import asyncio as _a\n        await _a.sleep(0 if marks.probe is not None else 1.0)\n",
    "empty": "        import zlib as _z\n        if marks.probe is None and _z.crc32(asked_by.encode()) % 50 == 0:\n"
    "            answer = replace(answer, items=[])\n",
    "random": "        import random as _r\n        if marks.probe is None:\n"
    "            answer = replace(answer, items=_r.sample(answer.items, len(answer.items)))\n",
}
FOUND = {
    "slow": "slow answers",
    "empty": "an empty list for user",
    "random": "clicks",
}


def harmful(stack: SmallStack, harm: str) -> Callable[[str, str | None], Release]:
    """Builds a release whose code does this with every answer but those of tests."""

    def build(release_id: str, parent_id: str | None) -> Release:
        release = stack.rebuild(release_id, parent_id)
        folder = stack.settings.root / "bentoml" / "bentos" / "recops" / release_id
        code = folder / "src" / "bentos" / "asgi_app.py"
        text = code.read_text()
        assert text.count(ANCHOR) == 1
        code.write_text(text.replace(ANCHOR, HARM[harm] + ANCHOR))
        release.summary["bento_md5"] = list_files(folder)
        return release

    return build


class ClickingUsers:
    """Strangers who come all the while, ask twice, and click the item that strangers like best.

    They do so half of the times that it is on top. Nobody stays beyond the second answer, so that clicks are as
    frequent at the end as at the beginning.
    """

    def __init__(self, port: int, threads: int = 6) -> None:
        self._port = port
        self._over = threading.Event()
        self.failures: list[str] = []
        self.asked = 0
        self._best = self._post("/recommend", {"user_id": "the first", "k": 5})["items"][0]["item_id"]
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(threads)]

    def __enter__(self) -> ClickingUsers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311 - simulated users
        for number in count():
            user = f"{seed}-{number}-{id(self)}"
            for _ in range(2):
                if self._over.is_set():
                    return
                answer = self._post("/recommend", {"user_id": user, "k": 5})
                items = [item["item_id"] for item in answer.get("items", [])]
                if items and items[0] == self._best and rng.random() < 0.5:
                    click = {"user_id": user, "item_id": items[0], "type": "click"}
                    self._post("/feedback", {**click, "request_id": answer["request_id"]})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        self.asked += 1
        try:
            connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
            reply = connection.getresponse()
            if reply.status not in (200, 202):
                self.failures.append(f"{path}: {reply.status}")
            return dict(json.loads(reply.read()))
        except (OSError, ValueError) as error:
            self.failures.append(f"{path}: {error}")
            return {}
        finally:
            connection.close()


@pytest.mark.parametrize("harm", HARM)
def test_harm_is_found_in_the_canary_and_the_live_release_goes_on(
    stack: SmallStack, harm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    live = stack.world.store.routing().live_release
    with ClickingUsers(stack.settings.gateway_port) as users:
        outcome = stack.try_to_promote(harmful(stack, harm), WATCHED)
    with capsys.disabled():
        print(f"\n{harm}: {users.asked} requests, {outcome}")
    assert isinstance(outcome, PromotionRefused)
    assert FOUND[harm] in outcome.reason
    assert stack.state_of(outcome.release_id or "") is State.REJECTED
    assert stack.world.store.routing().live_release == live
    assert users.failures == []


def test_a_sound_release_goes_live_under_the_same_traffic(stack: SmallStack) -> None:
    with ClickingUsers(stack.settings.gateway_port) as users:
        outcome = stack.try_to_promote(stack.rebuild, WATCHED)
    assert isinstance(outcome, Promoted)
    assert users.failures == []
