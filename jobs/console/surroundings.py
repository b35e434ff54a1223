"""What Prefect plans and which model MLflow names as challenger; both are asked over the network, and may be away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from components.rollout.ports import StepFailed
from jobs.console.kept import Kept
from jobs.monitoring.schedules import read_schedules
from jobs.stack.programs import WORK_POOL
from jobs.wiring.workbench import Workbench

COMING = 3


@dataclass(frozen=True)
class Planned:
    """A run that is planned, `at` seconds since 1970."""

    name: str
    at: float


@dataclass(frozen=True)
class Plans:
    """The next runs, the earliest first, and what keeps schedules from firing."""

    coming: tuple[Planned, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Challenger:
    """The model that a promotion would take; `fault` where MLflow does not say."""

    version: int | None = None
    gate: str | None = None
    data_version: str | None = None
    fault: str | None = None


def read_plans(bench: Workbench, kept: Kept, now: float) -> Plans:
    """The next few runs of all schedules."""

    def read() -> Plans:
        found = read_schedules(bench.prefect, WORK_POOL, datetime.fromtimestamp(now, UTC))
        coming = sorted((each.next_run.timestamp(), each.name) for each in found.all if each.active and each.next_run)
        return Plans(tuple(Planned(name, at) for at, name in coming[:COMING]), found.faults)

    return kept.get("plans", 20.0, read)


def read_challenger(bench: Workbench) -> Challenger:
    """What the alias names now."""
    try:
        found = bench.aliases.version_of("challenger")
    except StepFailed as error:
        return Challenger(fault=str(error))
    if found is None:
        return Challenger()
    return Challenger(found.version, found.tags.get("gate"), found.tags.get("data_version"))
