"""Gives a small stack and the clients that load it different cores, so that neither takes the other's time."""

from __future__ import annotations

import os
from collections.abc import Sequence

import psutil

from tests.stack.small_stack import SmallStack


def keep_apart(stack: SmallStack) -> list[int]:
    """Half of this process's cores for all processes of the stack, the others for this one and what it starts.

    Returns those of the stack; with one core, or where the system does not let a program choose, all, and nothing is
    moved. Every thread is moved, as each has cores of its own; what they start later begins where they are.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        return list(range(os.cpu_count() or 1))
    clients, servers = cores[: len(cores) // 2], cores[len(cores) // 2 :]
    supervisor = psutil.Process(stack.supervisor.state_of("envoy").pid).parent()
    assert supervisor is not None
    for process in (supervisor, *supervisor.children(recursive=True)):
        for thread in process.threads():
            os.sched_setaffinity(thread.id, servers)
    for thread in psutil.Process().threads():
        os.sched_setaffinity(thread.id, clients)
    return servers


def busy_seconds(cores: Sequence[int]) -> float:
    """For which these cores have worked so far, whoever they worked for."""
    times = psutil.cpu_times(percpu=True)
    return sum(sum(times[core]) - times[core].idle - getattr(times[core], "iowait", 0.0) for core in cores)
