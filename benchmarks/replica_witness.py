"""Rates an item through one replica and asks another: what a user did through one must be seen by all, at once.

A newcomer asks a replica for a list, so that it keeps an answer; rates the first item of it through another replica;
and asks the first again. The item may not come back. Where the replica says that it could not read the store in time
(`degraded`), nothing is held against it.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence

import httpx

EVERY_SECONDS = 0.5


class Witness:
    """Looks again and again, in a thread of its own, from `start` to `stop`.

    Args:
        pairs: the addresses of the replicas that answer now, at least two for a look.

    Attributes:
        looks: how many were `seen`, `unseen`, `unread`, and `left out` as a replica did not answer.
        told: events that were acknowledged.
    """

    def __init__(self, pairs: Callable[[], Sequence[str]], every_seconds: float = EVERY_SECONDS) -> None:
        self._replicas, self._every = pairs, every_seconds
        self.looks: Counter[str] = Counter()
        self.told = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)
        self._chance = random.Random(5)  # noqa: S311 - no secret

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the last look is over."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(timeout=10.0) as client:
            for number in itertools.count():
                if self._ending.wait(self._every):
                    return
                replicas = self._replicas()
                if len(replicas) > 1:
                    asked, told = self._chance.sample(list(replicas), 2)
                    self.looks[self._look(client, f"witness-{number}", asked, told)] += 1

    def _look(self, client: httpx.Client, user: str, asked: str, told: str) -> str:
        question = {"user_id": user, "k": 5}
        try:
            first = client.post(f"{asked}/recommend", json=question).raise_for_status().json()
            item = first["items"][0]["item_id"]
            event = {"user_id": user, "item_id": item, "type": "click"}
            client.post(f"{told}/feedback", json=event).raise_for_status()
            self.told += 1
            second = client.post(f"{asked}/recommend", json=question).raise_for_status().json()
        except httpx.HTTPError:
            return "left out"
        if first["degraded"] or second["degraded"]:
            return "unread"
        return "unseen" if item in [each["item_id"] for each in second["items"]] else "seen"
