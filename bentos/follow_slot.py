"""Runs in a slot's container whatever the event store gives that slot: `python -m bentos.follow_slot blue`.

It asks the store once a second. When the slot gets another release, the service is ended and started anew; when it ends
by itself, it is started again. A store that does not answer changes nothing: what runs goes on running.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from sqlalchemy.exc import SQLAlchemyError

from components.adapters.store.releases.slot_assignments import SlotAssignments
from components.config.settings import Settings, Slot, load_settings

POLL_SECONDS = 1.0
STORE_SECONDS = 2.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Assignment:
    """What a slot should run; None for `release_id` when it should run nothing."""

    release_id: str | None
    bento_tag: str | None


NOTHING = Assignment(None, None)


def main(arguments: list[str]) -> int:
    """Follows the slot that the only argument names until it is asked to end."""
    if len(arguments) != 1 or arguments[0] not in get_args(Slot):
        print(f"usage: python -m bentos.follow_slot {'|'.join(get_args(Slot))}", file=sys.stderr)
        return 2
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    settings = load_settings()
    with SlotAssignments(settings.store_url, STORE_SECONDS) as store:
        follow(Follower(settings, cast(Slot, arguments[0]), store), ending)
    return 0


def follow(follower: Follower, ending: threading.Event, seconds: float = POLL_SECONDS) -> None:
    """One step every `seconds` until `ending`, then the service is ended too."""
    while not ending.is_set():
        follower.step()
        ending.wait(seconds)
    follower.end()


@dataclass
class Follower:
    """The service of one slot in this container."""

    settings: Settings
    slot: Slot
    store: SlotAssignments
    _running: Assignment = NOTHING
    _service: subprocess.Popen[bytes] | None = None

    def step(self) -> None:
        """Ask the store, and make this container match."""
        try:
            wanted = self._assigned()
        except SQLAlchemyError as error:
            print(
                f"the event store does not answer, {self.slot} goes on as it is: {error}", file=sys.stderr, flush=True
            )
            wanted = self._running
        if wanted != self._running:
            self.end()
        if wanted.bento_tag is not None and (self._service is None or self._service.poll() is not None):
            self._start(wanted)

    def end(self) -> None:
        """End the service and everything that it started; harmless when none runs."""
        service, self._service, self._running = self._service, None, NOTHING
        if service is None or service.poll() is not None:
            return
        service.terminate()
        try:
            service.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(service.pid, signal.SIGKILL)
            service.wait()

    def _assigned(self) -> Assignment:
        """What the store gives the slot."""
        given = self.store.of(self.slot)
        if given is None or not given.should_run or given.bento_tag is None:
            return NOTHING
        return Assignment(given.release_id, given.bento_tag)

    def _start(self, wanted: Assignment) -> None:
        name, version = str(wanted.bento_tag).split(":")
        bento = self.settings.root / "bentoml" / "bentos" / name / version
        self._running = wanted
        if not (bento / "bento.yaml").is_file():
            print(f"{self.slot} should run {wanted.release_id}, but {bento} is not there", file=sys.stderr, flush=True)
            return
        file = self.settings.root / "slots" / f"{self.slot}.json"
        write_assignment(file, {"release_id": str(wanted.release_id), "bento_path": str(bento)})
        print(f"{self.slot} starts {wanted.release_id}", flush=True)
        command = [sys.executable, "-m", "bentos.slot", self.slot]
        self._service = subprocess.Popen(command, cwd=self.settings.project, start_new_session=True)


def write_assignment(file: Path, assignment: dict[str, str]) -> None:
    """Write what `bentos.slot` reads, in one move; containers that share the folder may do so at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    aside.write_text(json.dumps(assignment))
    aside.replace(file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
