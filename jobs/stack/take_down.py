"""Stops the processes of the stack, whoever their parent is now."""

from __future__ import annotations

import os
import signal
import time

import psutil

from components.config.settings import Settings
from jobs.stack.environment import stack_mark
from jobs.wiring.workbench import Workbench


def stop_stack(bench: Workbench) -> bool:
    """Stop supervisord with its programs, then whatever of ours is left; whether anything ran."""
    control = bench.supervisor
    ran = control.is_running()
    if ran:
        control.shut_down()
    left = processes_of(bench.settings)
    for process in left:
        _send(process, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(left, timeout=5)
    for process in stubborn:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=5)
    return ran or bool(left)


def processes_of(settings: Settings) -> list[psutil.Process]:
    """The processes that carry this stack's mark in their environment, whoever their parent is now."""
    mark = stack_mark(settings)
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("RECOPS_STACK") == mark:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def _send(process: psutil.Process, what: signal.Signals) -> None:
    try:
        process.send_signal(what)
    except psutil.NoSuchProcess:
        time.sleep(0)
