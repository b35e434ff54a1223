"""Runs `bentoml serve` and ends with it, or as soon as one of its workers dies; small, for it lives as long as a slot.

BentoML replaces a dead worker only after up to 10 s, and keeps the port open meanwhile, so that requests hang. When the
whole family ends at once, connections are refused at once, the gateway turns to the other slot, and supervisor starts
this one again.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from types import FrameType

import psutil

WORKER_MODULE = "_bentoml_impl.worker.service"
POLL_SECONDS = 0.05
SEARCH_SECONDS = 0.25
GRACE_SECONDS = 5.0


def main(command: list[str]) -> int:
    """Runs `command` until it ends; returns its exit code, or 1 when a worker died."""
    serving = subprocess.Popen(command)
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        serving.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    workers: list[psutil.Process] = []
    try:
        while (code := _exit_code(serving, POLL_SECONDS if workers else SEARCH_SECONDS)) is None:
            workers = workers or find_workers(serving.pid)
            if not stopping and any(is_dead(worker) for worker in workers):
                print("a worker died; ending the slot so that it starts afresh", file=sys.stderr, flush=True)
                return 1
        return code
    finally:
        if serving.poll() is None:
            serving.kill()
            serving.wait()
        end_all(workers)


def find_workers(parent: int) -> list[psutil.Process]:
    """The workers among the children of `parent`; none while it is starting."""
    try:
        return [child for child in psutil.Process(parent).children() if WORKER_MODULE in child.cmdline()]
    except psutil.Error:
        return []


def is_dead(process: psutil.Process) -> bool:
    """Whether it has ended, its parent may not have noticed yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def end_all(processes: list[psutil.Process], grace: float = GRACE_SECONDS) -> None:
    """Asks each to end, then kills those that have not within `grace` seconds."""
    for process in processes:
        _signal(process, signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, timeout=grace)
    for process in alive:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=grace)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _exit_code(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """The exit code, at the latest after `seconds`; None while it runs. A signal that ended it counts as 128 + it."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(left, POLL_SECONDS))
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
