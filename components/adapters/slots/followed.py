"""The two slots as containers, which follow the event store by themselves: here one only waits and asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from components.adapters.slots.addresses import every_address
from components.adapters.slots.client import ask_smoke_test, gives_items, runs_release
from components.rollout.ports import Fence, StepFailed
from components.rollout.release import Release
from components.rollout.routing import Slot

POLL_SECONDS = 0.2


class FollowedSlots:
    """`components.rollout.ports.Slots` where something else runs the processes (`bentos.follow_slot`).

    What a slot should run is in the store before `run` is called, and its followers see it within a second. So nothing
    has to be told them, and a promotion that has lost its lease can do them no harm.

    Args:
        urls_of: the addresses of a slot's replicas; a name that stands for several of them counts as each.
        bento_folder: where a Bento tag lies, in the store that all containers share.
    """

    def __init__(self, urls_of: Callable[[Slot], Sequence[str]], bento_folder: Callable[[str], Path]) -> None:
        self._names_of = urls_of
        self._bento_folder = bento_folder
        self._bentos: dict[Slot, Path] = {}

    def _urls_of(self, slot: Slot) -> list[str]:
        return [address for url in self._names_of(slot) for address in every_address(url)]

    def run(self, slot: Slot, release: Release, fence: Fence) -> None:
        """Make sure that the followers find what the store tells them to run.

        Raises:
            StepFailed: the shared folder has no such Bento.
        """
        bento = self._bento_folder(release.bento_tag)
        if not (bento / "bento.yaml").is_file():
            raise StepFailed(f"the Bento of {release.release_id} is missing: {bento}")
        fence()
        self._bentos[slot] = bento

    def stop(self, slot: Slot, fence: Fence) -> None:  # noqa: ARG002 - the followers read it from the store
        """The store has said so already."""
        fence()

    def wait_ready(self, slot: Slot, release_id: str, timeout: float) -> None:
        """Return when every replica of the slot answers with this release.

        Raises:
            StepFailed: they do not within `timeout` seconds; the message names those that lack.
        """
        deadline = time.monotonic() + timeout
        while lacking := _lacking(self._urls_of(slot), release_id):
            if time.monotonic() > deadline:
                named = ", ".join(lacking)
                raise StepFailed(
                    f"{slot} is not ready with {release_id} after {timeout:g} s: not at {named}; "
                    "see the logs of its containers"
                )
            time.sleep(POLL_SECONDS)

    def smoke_test(self, slot: Slot, timeout: float) -> dict[str, Any]:
        """Ask every replica the questions of the release that `run` was given.

        Raises:
            StepFailed: an answer is not what it must be.
        """
        return ask_smoke_test(self._urls_of(slot), self._bentos[slot], timeout)

    def gives_items(self, slot: Slot, question: dict[str, Any], timeout: float) -> bool:
        """Whether the slot answers this recorded request with at least one item; the answer is not logged."""
        return gives_items(self._urls_of(slot)[0], question, timeout)


def _lacking(urls: Sequence[str], release_id: str) -> list[str]:
    return [url for url in urls if not runs_release(url, release_id)]
