"""Stands by while a promotion runs, and makes order when its process dies: `python -m jobs.promotion.lease_watch PID`.

A canary whose promotion was killed would go on answering its share of the users with nobody to judge it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

POLL_SECONDS = 1.0


def watch(
    is_alive: Callable[[], bool],
    lease_ends_at: Callable[[], float | None],
    put_in_order: Callable[[], object],
    now: Callable[[], float],
    sleep: Callable[[float], None],
) -> bool:
    """Return when the promotion's process has ended; whether it had died with its lease, so that order had to be made.

    A lease is left to end first: the process may have handed it on to nobody, or somebody else may hold it by now.
    """
    while is_alive():
        sleep(POLL_SECONDS)
    while (ends_at := lease_ends_at()) is not None:
        if ends_at <= now():
            put_in_order()
            return True
        sleep(POLL_SECONDS)
    return False


@contextmanager
def watched() -> Iterator[None]:
    """While this process is in here, another one stands by for it; it lives on when this one is killed."""
    command = [sys.executable, "-m", "jobs.promotion.lease_watch", str(os.getpid())]
    watcher = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        watcher.terminate()
        watcher.wait()


def main(pid: int) -> None:
    """Stand by for the process `pid`."""
    from bentos.slot_guard import is_dead
    from jobs.promotion.reconcile import put_in_order
    from jobs.wiring.workbench import open_workbench

    try:
        promotion = psutil.Process(pid)
    except psutil.NoSuchProcess:
        promotion = None
    with open_workbench() as bench:
        # Read now: whoever edits params.yaml while the promotion runs does not change how order is made after it.
        _, releases = bench.params, bench.world.store

        def lease_ends_at() -> float | None:
            holder = releases.load().holder
            return None if holder is None else holder.expires_at

        watch(
            lambda: promotion is not None and not is_dead(promotion),
            lease_ends_at,
            lambda: put_in_order(bench, print),
            time.time,
            time.sleep,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]))
