"""Reads the schedules, and says in a line each what keeps them from firing: scheduler, foreman, worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from components.adapters.prefect_api import PoolWorker, PrefectApi, PrefectApiError, ScheduledDeployment

LATE = timedelta(minutes=2)
"""Prefect plans and hands out runs every few seconds; a run that waits longer than this is stuck."""
SILENT = timedelta(minutes=5)
"""A worker sends a heartbeat every 30 s, and the foreman gives it up after a few that it misses."""


@dataclass(frozen=True)
class Schedules:
    """What is scheduled, and what is wrong with it, a line each; no fault is well."""

    all: tuple[ScheduledDeployment, ...]
    faults: tuple[str, ...]


def read_schedules(prefect: PrefectApi, pool: str, now: datetime) -> Schedules:
    """The schedules as they are at `now`; where Prefect does not answer, that is the fault."""
    try:
        found = prefect.schedules()
        return Schedules(tuple(found), tuple(faults_of(found, prefect.workers(pool), now)))
    except PrefectApiError as error:
        return Schedules((), (f"schedules are unknown: {error}",))


def faults_of(schedules: Sequence[ScheduledDeployment], workers: Sequence[PoolWorker], now: datetime) -> list[str]:
    """What keeps active schedules from firing."""
    active = [each for each in schedules if each.active]
    unplanned = [each.name for each in active if each.next_run is None]
    late = [each for each in active if each.next_run is not None and now - each.next_run > LATE]
    found = []
    if unplanned:
        found.append(f"Prefect's scheduler plans no run of {', '.join(unplanned)}: `recops logs prefect-server`")
    if late:
        waiting = ", ".join(f"{each.name} of {each.next_run:%Y-%m-%d %H:%M} UTC" for each in late)
        found.append(f"runs are late and have not begun: {waiting}: `recops logs prefect-worker`")
    if active and not any(_is_heard(worker, now) for worker in workers):
        found.append("no worker is there to carry runs out: `recops logs prefect-worker`, `recops up`")
    silent = [worker.name for worker in workers if worker.online and not _is_heard(worker, now)]
    if silent:
        found.append(
            f"Prefect's foreman still calls {', '.join(silent)} online, long not heard of: `recops logs prefect-server`"
        )
    return found


def _is_heard(worker: PoolWorker, now: datetime) -> bool:
    return worker.last_heartbeat is not None and now - worker.last_heartbeat <= SILENT
