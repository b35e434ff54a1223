"""Finds out whether the gateway answers by asking it, and starts it again where it does not."""

from __future__ import annotations

import time
from collections.abc import Callable

from components.rollout.ports import StepFailed
from jobs.wiring.workbench import Workbench

ENVOY = "envoy"
FIRST_SECONDS = 5.0
"""How long an Envoy that is starting may take to answer."""
START_SECONDS = 30.0


def mend_gateway(bench: Workbench, report: Callable[[str], None]) -> None:
    """Nothing where the gateway answers; else its process is started again: one that was drained never listens again.

    Raises:
        StepFailed: it does not answer then either.
    """
    if _answers_within(bench, FIRST_SECONDS):
        return
    report("the gateway runs and does not answer: starting it again")
    bench.supervisor.stop_program(ENVOY)
    bench.supervisor.start_program(ENVOY)
    if not _answers_within(bench, START_SECONDS):
        raise StepFailed(f"the gateway does not answer; see {bench.settings.logs_folder / ENVOY}.log")


def _answers_within(bench: Workbench, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not bench.envoy.answers():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
