"""Gives a small stack and the clients that load it different cores, so that neither takes the other's time."""

from __future__ import annotations

import os

import psutil

from tests.stack.small_stack import SmallStack


def keep_apart(stack: SmallStack) -> str:
    """Half of this process's cores for all processes of the stack, the others for this one and what it starts; says so.

    Every thread is moved, as each has cores of its own; what they start later begins where they are. With one core, or
    where the system does not let a program choose, nothing is moved.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        return "stack and clients share the cores"
    clients, servers = cores[: len(cores) // 2], cores[len(cores) // 2 :]
    supervisor = psutil.Process(stack.supervisor.state_of("envoy").pid).parent()
    assert supervisor is not None
    for process in (supervisor, *supervisor.children(recursive=True)):
        for thread in process.threads():
            os.sched_setaffinity(thread.id, servers)
    for thread in psutil.Process().threads():
        os.sched_setaffinity(thread.id, clients)
    return f"stack on {_cores(servers)}, clients on {_cores(clients)}"


def _cores(numbers: list[int]) -> str:
    return f"core{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
