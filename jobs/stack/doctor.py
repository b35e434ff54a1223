"""Examines this machine and the stack on it: each finding says how it is, and where it is not well what mends it."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import httpx

from components.adapters.machine.ports_in_use import is_taken
from components.rollout.routing import SLOTS
from jobs.errors import NothingThereError
from jobs.monitoring.schedules import read_schedules
from jobs.stack.ports import ports
from jobs.stack.programs import CONSOLE, EVIDENTLY, LOCAL_LLM, SHADOW, WORK_POOL
from jobs.wiring.workbench import Workbench

PYTHONS = ((3, 11), (3, 13))
FREE_GIGABYTES = 2.0
COMPILERS = ("c++", "g++", "clang++")
STATES_UP = ("RUNNING", "STARTING")
ON_DEMAND = (LOCAL_LLM, SHADOW)
"""Programs that stand still until somebody asks for them."""


@dataclass(frozen=True)
class StackFinding:
    """What was looked at, how it is, and the next step where it is not well; `skipped` could not be looked at."""

    name: str
    state: Literal["well", "ill", "skipped"]
    said: str
    mend: str = ""


def examine(bench: Workbench) -> list[StackFinding]:
    """All findings: the machine first, then the stack, then what is in it."""
    running = bench.supervisor.is_running()
    found = [_python(), _compiler(), _disk(bench)]
    found += _services(bench) if running else _ports(bench)
    found.append(_store(bench))
    found += [_keys(bench), *_slots(bench)] if found[-1].state == "well" else []
    if running:
        found.append(_schedules(bench))
    return found


def _python() -> StackFinding:
    version = sys.version_info[:2]
    said = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    low, high = PYTHONS
    if low <= version < high:
        return StackFinding("Python", "well", said)
    return StackFinding(
        "Python", "ill", said, "recops needs 3.11 or 3.12: remove .venv, then `make up PYTHON=python3.11`"
    )


def _compiler() -> StackFinding:
    found = next((name for name in COMPILERS if shutil.which(name)), None)
    if found:
        return StackFinding("C++ compiler", "well", found)
    return StackFinding(
        "C++ compiler", "ill", "none is there", "install one, such as Debian's g++; Annoy is built with it"
    )


def _disk(bench: Workbench) -> StackFinding:
    root = bench.settings.root
    while not root.exists():
        root = root.parent
    free = shutil.disk_usage(root).free / 1e9
    said = f"{free:.1f} GB free at {bench.settings.root}"
    if free >= FREE_GIGABYTES:
        return StackFinding("disk", "well", said)
    return StackFinding("disk", "ill", said, "`recops releases prune` and `recops events prune` free some")


def _ports(bench: Workbench) -> list[StackFinding]:
    """Whether the stack, which does not run, could."""
    taken = [
        f"{port} ({name}; move ours: {setting}=…)"
        for name, (port, setting) in ports(bench.settings).items()
        if is_taken(bench.settings.host, port)
    ]
    found = [StackFinding("stack", "ill", "does not run", "`make up`")]
    if taken:
        mend = "free them, or move ours; `recops down` ends what a killed stack left behind"
        return [*found, StackFinding("ports", "ill", f"somebody else holds {', '.join(taken)}", mend)]
    return [*found, StackFinding("ports", "well", "all are free")]


def _services(bench: Workbench) -> Iterator[StackFinding]:
    """Whether every process of the running stack runs and answers."""
    settings = bench.settings
    down = [
        f"{state.name} ({state.state})"
        for state in bench.supervisor.states()
        if state.state not in STATES_UP and state.name not in (*ON_DEMAND, *SLOTS)
    ]
    if down:
        names = ", ".join(name.split(" ")[0] for name in down)
        yield StackFinding(
            "processes", "ill", f"{', '.join(down)} do not run", f"`recops logs {names}`, then `recops up`"
        )
    else:
        yield StackFinding("processes", "well", "all run that should")
    if bench.envoy.answers():
        yield StackFinding("gateway", "well", settings.gateway_url)
    else:
        said = "its process runs and does not answer: it was drained, or hangs"
        yield StackFinding("gateway", "ill", said, "`recops up` starts it again with the same routes")
    questions: tuple[tuple[str, str, str], ...] = (
        ("MLflow", f"{settings.mlflow_url}/health", "mlflow"),
        ("Prefect", f"{settings.prefect_api_url}/health", "prefect-server"),
        ("Evidently", f"http://{settings.host}:{settings.evidently_port}/api/version", EVIDENTLY),
        ("console", f"http://{settings.host}:{settings.console_port}/console/static/mark.svg", CONSOLE),
    )
    for name, url, log in questions:
        fault = _ask(url)
        mend = "" if fault is None else f"`recops logs {log}`; `recops down`, then `recops up` starts it anew"
        yield StackFinding(name, "well" if fault is None else "ill", fault or url, mend)


def _store(bench: Workbench) -> StackFinding:
    try:
        bench.store.releases.routing()
    except NothingThereError as error:
        return StackFinding("event store", "skipped", str(error))
    except Exception as error:
        said = f"cannot be read: {type(error).__name__}"
        return StackFinding(
            "event store", "ill", said, "see docs/operations.md; `recops restore FOLDER` brings a backup back"
        )
    return StackFinding("event store", "well", "can be read")


def _keys(bench: Workbench) -> StackFinding:
    good = [key for key in bench.store.keys.all() if key.is_good(time.time())]
    if bench.settings.keys_on and not good:
        return StackFinding("keys", "ill", "on, and there is none", "`recops keys make shop`")
    state = "on" if bench.settings.keys_on else "off, as everything listens here"
    operators = sum(key.role == "operator" for key in good)
    more = "" if operators else "; none to act with in the console: `recops keys make me --role operator`"
    return StackFinding("keys", "well", f"{state}; {len(good)} good, {operators} of operators{more}")


def _slots(bench: Workbench) -> Iterator[StackFinding]:
    """Whether each slot that should answers, and the gateway does what the store says."""
    state = bench.store.releases.routing()
    if state.live_release is None:
        yield StackFinding("live release", "ill", "nothing is live", "`recops up` runs the loop once")
        return
    for slot in SLOTS:
        release = state.releases[slot]
        if release is None or not state.should_run[slot]:
            continue
        faults = [said for url in bench.settings.slot_urls(slot) if (said := _ask(f"{url}/readyz")) is not None]
        mend = f"`recops logs {slot}`; `recops reconcile` starts it again" if faults else ""
        yield StackFinding(
            f"slot {slot}", "ill" if faults else "well", faults[0] if faults else f"{release} answers", mend
        )
    if bench.settings.router != "envoy" or not bench.supervisor.is_running():
        return
    applied = bench.envoy.applied_version()
    if applied == state.version:
        yield StackFinding("routes", "well", f"the gateway follows the store (version {applied})")
    else:
        said = f"the gateway follows version {applied}, the store says {state.version}"
        yield StackFinding("routes", "ill", said, "`recops reconcile`")


def _schedules(bench: Workbench) -> StackFinding:
    found = read_schedules(bench.prefect, WORK_POOL, datetime.now(UTC))
    if found.faults:
        return StackFinding(
            "schedules", "ill", "; ".join(found.faults), "the logs named say why; `recops up` plans them anew"
        )
    active = [each for each in found.all if each.active]
    return StackFinding("schedules", "well", f"{len(active)} are active")


def _ask(url: str) -> str | None:
    """What is wrong with the answer, None where it is well."""
    try:
        reply = httpx.get(url, timeout=3.0)
    except httpx.HTTPError as error:
        return f"{url} does not answer: {type(error).__name__}"
    return None if reply.status_code == httpx.codes.OK else f"{url} answers {reply.status_code}"
