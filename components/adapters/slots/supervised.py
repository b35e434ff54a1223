"""The two slots: what each runs, whether it is ready, and the smoke test of what it answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from components.adapters.slots.client import ask_smoke_test, gives_items, runs_release
from components.adapters.slots.supervisor import ProcessState, Supervisor, SupervisorError
from components.rollout.lease import LeaseLost
from components.rollout.ports import Fence, StepFailed
from components.rollout.release import Release
from components.rollout.routing import Slot

MAX_STARTS = 2  # a service that ends while it starts gets one more chance
LOG_LINES = 60


class SupervisedSlots:
    """`components.rollout.ports.Slots` on supervisor.

    `urls_of` gives the addresses of a slot's replicas, one or more; `bento_folder` tells where a Bento tag lies.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        slots_folder: Path,
        logs_folder: Path,
        urls_of: Callable[[Slot], Sequence[str]],
        bento_folder: Callable[[str], Path],
    ) -> None:
        self._supervisor = supervisor
        self._folder = slots_folder
        self._logs = logs_folder
        self._urls_of = urls_of
        self._bento_folder = bento_folder

    def run(self, slot: Slot, release: Release, fence: Fence) -> None:
        """Make the slot run this release, restarting it only when it runs another; returns at once."""
        bento = self._bento_folder(release.bento_tag)
        if not bento.is_dir():
            raise StepFailed(f"the Bento of {release.release_id} is missing: {bento}")
        wanted = {"release_id": release.release_id, "bento_path": str(bento)}
        file = self._folder / f"{slot}.json"
        try:
            if file.exists() and json.loads(file.read_text()) == wanted and self._is_up(slot):
                return
            fence()
            self._supervisor.stop_program(slot)
            self._folder.mkdir(parents=True, exist_ok=True)
            aside = file.with_suffix(".new")
            aside.write_text(json.dumps(wanted))
            self._check_after_stop(slot, fence)
            aside.replace(file)
            self._supervisor.start_program(slot)
        except (SupervisorError, OSError) as error:
            raise StepFailed(f"{slot} cannot be started: {error}") from error

    def stop(self, slot: Slot, fence: Fence) -> None:
        """Stop the slot's processes; harmless when none runs."""
        try:
            fence()
            self._supervisor.stop_program(slot)
        except (SupervisorError, OSError) as error:
            raise StepFailed(f"{slot} cannot be stopped: {error}") from error

    def wait_ready(self, slot: Slot, release_id: str, timeout: float) -> None:
        """Return when every replica of the slot answers with this release.

        Raises:
            StepFailed: they do not within `timeout` seconds, its process ends again and again, or somebody stopped it.
        """
        deadline = time.monotonic() + timeout
        starts: set[int] = set()
        while True:
            if all(runs_release(url, release_id) for url in self._urls_of(slot)):
                return
            process = self._process(slot)
            if process.state == "STOPPED":
                raise StepFailed(f"{slot} was stopped while {release_id} was starting in it")
            starts.add(process.pid)
            if len(starts - {0}) > MAX_STARTS:
                raise StepFailed(f"{slot} ends while starting {release_id}: {self._last_words(slot)}")
            if time.monotonic() > deadline:
                raise StepFailed(f"{slot} is not ready with {release_id} after {timeout:g} s: {self._last_words(slot)}")
            time.sleep(0.1)

    def smoke_test(self, slot: Slot, timeout: float) -> dict[str, Any]:
        """Known users get the ranking that was computed offline, an unknown one is answered, limits of `k` hold.

        Raises:
            StepFailed: an answer is not what it must be; the message shows the question and the answer.
        """
        bento = Path(json.loads((self._folder / f"{slot}.json").read_text())["bento_path"])
        return ask_smoke_test(self._urls_of(slot), bento, timeout)

    def gives_items(self, slot: Slot, question: dict[str, Any], timeout: float) -> bool:
        """Whether the slot answers this recorded request with at least one item; the answer is not logged."""
        return gives_items(self._urls_of(slot)[0], question, timeout)

    def _check_after_stop(self, slot: Slot, fence: Fence) -> None:
        """Stopping may have taken long: who lost the lease meanwhile starts again what belongs there, and goes."""
        try:
            fence()
        except LeaseLost:
            self._supervisor.start_program(slot)  # the slot itself asks the store whether it may run what it was told
            raise

    def _is_up(self, slot: Slot) -> bool:
        return self._process(slot).state in ("RUNNING", "STARTING", "BACKOFF")

    def _process(self, slot: Slot) -> ProcessState:
        try:
            return self._supervisor.state_of(slot)
        except (SupervisorError, OSError) as error:
            raise StepFailed(f"supervisor does not say how {slot} is: {error}") from error

    def _last_words(self, slot: Slot) -> str:
        log = self._logs / f"{slot}.log"
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines()] if log.exists() else []
        recent = lines[-LOG_LINES:]
        said = next((line for line in reversed(recent) if "Error:" in line or "says the store" in line), "")
        return f"{said or ' | '.join(recent[-2:])} (all of it: `recops logs {slot}`)"
