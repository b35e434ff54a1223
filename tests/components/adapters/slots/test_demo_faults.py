"""The demo's switch works while it is set, ends by itself, and anything unreadable is no fault."""

from __future__ import annotations

from pathlib import Path

from components.adapters.slots.demo_faults import (
    CHECK_SECONDS,
    DemoFaults,
    Fault,
    clear_fault,
    fault_file,
    set_fault,
)
from components.config.settings import Settings


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        self.seconds += CHECK_SECONDS
        return self.seconds


def test_a_fault_is_seen_until_it_is_cleared(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    faults = DemoFaults(fault_file(settings, "blue"), Clock())
    assert faults.current() is None
    set_fault(settings, "blue", Fault("errors", until=1e9))
    assert faults.current() == Fault("errors", until=1e9)
    assert DemoFaults(fault_file(settings, "green"), Clock()).current() is None
    clear_fault(settings, "blue")
    assert faults.current() is None
    clear_fault(settings, "blue")


def test_a_fault_ends_by_itself(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    set_fault(settings, "blue", Fault("slow", until=101.0))
    faults = DemoFaults(fault_file(settings, "blue"), Clock())
    assert faults.current() is not None
    assert faults.current() is None


def test_an_unreadable_switch_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "blue.json"
    for text in ("", "[]", '{"kind": "unheard-of", "until": 1e9}', '{"kind": "slow", "until": null}'):
        file.write_text(text)
        assert DemoFaults(file, Clock()).current() is None
