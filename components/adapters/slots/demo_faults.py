"""A switch on disk that makes one slot of the demo answer badly for a while, so that gates and alarms can be tried.

Only whoever may write into the state folder can set it; no request can. A service reads it only with RECOPS_DEMO=true,
and it ends by itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from components.config.settings import Settings, Slot

FaultKind = Literal["wrong-user", "errors", "slow"]
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
CHECK_SECONDS = 0.5
"""How old the service's knowledge of the switch may be."""


@dataclass(frozen=True)
class Fault:
    """What is wrong until `until` (seconds since 1970).

    - wrong-user: each user gets the answer of another one, as when a join of features slips by a row.
    - errors: every second request fails with 500.
    - slow: each answer takes `SLOW_SECONDS` longer.
    """

    kind: FaultKind
    until: float


SLOW_SECONDS = 0.4


class DemoFaults:
    """What a service asks before each answer; reads the file at most every `CHECK_SECONDS`."""

    def __init__(self, file: Path, now: Callable[[], float] = time.time) -> None:
        self._file = file
        self._now = now
        self._checked = float("-inf")
        self._fault: Fault | None = None

    def current(self) -> Fault | None:
        """The fault now, if there is one."""
        now = self._now()
        if now - self._checked >= CHECK_SECONDS:
            self._fault, self._checked = _read(self._file), now
        return self._fault if self._fault is not None and now < self._fault.until else None


def fault_file(settings: Settings, slot: str) -> Path:
    """Where the switch of a slot is."""
    return settings.root / "faults" / f"{slot}.json"


def set_fault(settings: Settings, slot: Slot, fault: Fault) -> None:
    """Make the slot answer badly from now on."""
    file = fault_file(settings, slot)
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(".new")
    aside.write_text(json.dumps(asdict(fault)))
    aside.replace(file)


def clear_fault(settings: Settings, slot: Slot) -> None:
    """Let the slot answer well again; harmless when it does."""
    fault_file(settings, slot).unlink(missing_ok=True)


def _read(file: Path) -> Fault | None:
    try:
        value = json.loads(file.read_text())
        return Fault(value["kind"], float(value["until"])) if value["kind"] in FAULT_KINDS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
