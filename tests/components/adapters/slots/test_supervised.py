"""Laws of a slot's start, with a supervisor that only remembers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.adapters.slots.supervised import SupervisedSlots
from components.adapters.slots.supervisor import ProcessState
from components.rollout.lease import LeaseLost
from components.rollout.ports import StepFailed
from tests.components.rollout.fake_world import make_release


class RememberingSupervisor:
    """What it was told, in order; its only program runs from the start."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.state = "RUNNING"

    def state_of(self, name: str) -> ProcessState:
        return ProcessState(name, self.state, 1, 0.0)

    def start_program(self, name: str) -> None:
        self.told.append(f"start {name}")

    def stop_program(self, name: str) -> None:
        self.told.append(f"stop {name}")


def slots_in(folder: Path, supervisor: RememberingSupervisor) -> SupervisedSlots:
    for release in ("release-1", "release-2"):
        (folder / release).mkdir(exist_ok=True)
    return SupervisedSlots(
        supervisor,  # type: ignore[arg-type]
        folder / "slots",
        folder / "logs",
        lambda slot: ["http://127.0.0.1:1"],
        lambda tag: folder / tag.split(":")[1],
    )


def assigned(folder: Path) -> str:
    return str(json.loads((folder / "slots" / "blue.json").read_text())["release_id"])


def test_a_slot_is_restarted_only_for_another_release(tmp_path: Path) -> None:
    supervisor = RememberingSupervisor()
    slots = slots_in(tmp_path, supervisor)
    slots.run("blue", make_release("release-1"), lambda: None)
    slots.run("blue", make_release("release-1"), lambda: None)
    assert supervisor.told == ["stop blue", "start blue"]
    slots.run("blue", make_release("release-2"), lambda: None)
    assert supervisor.told == ["stop blue", "start blue"] * 2
    assert assigned(tmp_path) == "release-2"


def test_who_loses_the_lease_while_stopping_a_slot_starts_what_was_in_it(tmp_path: Path) -> None:
    supervisor = RememberingSupervisor()
    slots = slots_in(tmp_path, supervisor)
    slots.run("blue", make_release("release-1"), lambda: None)
    supervisor.told.clear()

    def lost_after_the_stop() -> None:
        if supervisor.told:
            raise LeaseLost("another took over")

    with pytest.raises(LeaseLost):
        slots.run("blue", make_release("release-2"), lost_after_the_stop)
    assert supervisor.told == ["stop blue", "start blue"]
    assert assigned(tmp_path) == "release-1"


def test_who_has_lost_the_lease_touches_nothing(tmp_path: Path) -> None:
    supervisor = RememberingSupervisor()
    slots = slots_in(tmp_path, supervisor)

    def lost() -> None:
        raise LeaseLost("another took over")

    for attempt in (lambda: slots.run("blue", make_release("release-2"), lost), lambda: slots.stop("blue", lost)):
        with pytest.raises(LeaseLost):
            attempt()
    assert supervisor.told == []


def test_a_missing_bento_and_a_stopped_slot_are_told(tmp_path: Path) -> None:
    supervisor = RememberingSupervisor()
    slots = slots_in(tmp_path, supervisor)
    with pytest.raises(StepFailed, match="release-9 is missing"):
        slots.run("blue", make_release("release-9"), lambda: None)
    supervisor.state = "STOPPED"
    with pytest.raises(StepFailed, match="was stopped while release-1 was starting"):
        slots.wait_ready("blue", "release-1", 5)
