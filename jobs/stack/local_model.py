"""Starts, stops and shows the small local model."""

from __future__ import annotations

import time
from typing import Any

import httpx

from components.adapters.llm.local_server import LocalLlmError, find_weights
from components.adapters.machine.ports_in_use import is_taken
from components.adapters.slots.supervisor import Supervisor
from components.config.settings import Settings
from jobs.errors import StackDownError
from jobs.stack.programs import LOCAL_LLM
from jobs.wiring.workbench import Workbench
from monitoring.stack_status import usage_of

START_SECONDS = 60.0
RUNNING = ("RUNNING", "STARTING")


def start_local_model(bench: Workbench) -> None:
    """Returns when the model answers.

    Raises:
        NothingThereError, StackDownError: the stack does not run.
        LocalLlmError: the weights are missing, the port is taken, or the model does not answer.
        SupervisorError: supervisor does not start it.
    """
    control, settings = _running_stack(bench), bench.settings
    find_weights()
    if control.state_of(LOCAL_LLM).state not in RUNNING:
        if is_taken(settings.host, settings.llm_port):
            raise LocalLlmError(
                f"port {settings.llm_port} (local LLM) is taken; free it, or move ours: RECOPS_LLM_PORT=… "
                "(before `recops up`, which hands it on)"
            )
        control.start_program(LOCAL_LLM)
    _await_health(settings, control)


def stop_local_model(bench: Workbench) -> bool:
    """Stops it; whether it ran.

    Raises:
        NothingThereError, StackDownError: the stack does not run.
    """
    control = _running_stack(bench)
    was = control.state_of(LOCAL_LLM).state
    control.stop_program(LOCAL_LLM)
    return was in RUNNING


def read_models(bench: Workbench) -> dict[str, Any]:
    """The local model and the configured tiers, as plain values."""
    control = bench.supervisor
    state = control.state_of(LOCAL_LLM) if control.is_running() else None
    pid = state.pid if state else 0
    local = {
        "state": state.state if state else "the stack is not running",
        "pid": pid,
        "memory_mb": round(usage_of(pid).memory / 2**20) if pid else 0,
        "url": bench.settings.local_llm_url,
        "answers": _answers(bench.settings),
    }
    llm = bench.params.llm
    tiers = [tier.model_dump(mode="json") for tier in llm.tiers]
    return {"local": local, "tiers": tiers, "priced_on": llm.priced_on}


def _running_stack(bench: Workbench) -> Supervisor:
    bench.store.check_exists()
    if not bench.supervisor.is_running():
        raise StackDownError("the stack is not running; start it with `make up`")
    return bench.supervisor


def _await_health(settings: Settings, control: Supervisor) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(settings):
        state = control.state_of(LOCAL_LLM).state
        if time.monotonic() > deadline or state in ("FATAL", "EXITED"):
            raise LocalLlmError(f"the local model does not answer; see `recops logs {LOCAL_LLM}`")
        time.sleep(0.1)


def _answers(settings: Settings) -> bool:
    try:
        return httpx.get(f"{settings.local_llm_url}/health", timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
