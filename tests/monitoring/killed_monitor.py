"""A monitor that is killed at a chosen place: `python -m tests.monitoring.killed_monitor URL AT PLACE`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from components.adapters.store.alerts.incidents import AlertStore, Claimed
from components.adapters.store.engine import open_engine
from components.config.monitor import Delivery
from monitoring.alerting.deliver import deliver
from tests.monitoring.looks import AROUND, MINUTE, no_report, watcher

LIMITS = Delivery(retry_seconds=5.0, max_retry_seconds=900.0, dead_after=3, timeout_seconds=5.0)


def die(*_: Any) -> Any:
    """What a power cut does."""
    os.kill(os.getpid(), signal.SIGKILL)


class DyingChannel:
    """The process dies in the midst of sending."""

    def send(self, _message: Claimed, _timeout: float) -> None:
        """Never comes back."""
        die()


def main(url: str, at: float, place: str) -> None:
    """Look, and die while the report is written, or while the first message is sent."""
    engine = open_engine(url)
    report = die if place == "report" else no_report
    watcher(engine, Path(), report=report).look(at, at, MINUTE, 0.0, AROUND, lambda _line: None)
    deliver(AlertStore(engine), {"a": DyingChannel(), "b": DyingChannel()}, LIMITS, lambda: at)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
