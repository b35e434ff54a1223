"""Runs work in a process of its own that is ended when it takes too long or too much memory."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from components.adapters.machine.peak_memory import peak_megabytes, restart_peak
from components.benchmarking.bounds import Done, Stopped

POLL_SECONDS = 0.02
FEW_ROWS = 500
"""Rows that are worth no process of their own."""
_MEMORY = "not enough memory"


def bounded_run(refusals: tuple[type[Exception], ...], megabytes: float) -> Callable[..., Done | Stopped]:
    """A `RunsBounded` whose work may hold `megabytes`; what it raises of `refusals` is its reason, all else is raised.

    The work is forked, so that it sees what there is without a copy, and what it returns is pickled. Where processes
    cannot be forked, or their memory not be read (outside Linux), it runs here, and its time is not bounded.
    """

    def run(work: Callable[[], Any], seconds: float) -> Done | Stopped:
        if seconds <= 0:
            return Stopped("no time is left", out_of_time=True)
        if sys.platform != "linux":
            return _outcome(work, refusals)
        child, reader = _begin(work, refusals, alone=True)
        return _wait(child, reader, seconds, megabytes)

    return run


def _begin(work: Callable[[], Any], refusals: tuple[type[Exception], ...], alone: bool = False) -> tuple[int, int]:
    """The child's number, and the pipe that its outcome comes from; `alone`: it leads those that it begins."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        if alone:
            os.setpgid(0, 0)
        _work_and_exit(work, refusals, reader, writer)
    os.close(writer)
    return child, reader


def _outcome(work: Callable[[], Any], refusals: tuple[type[Exception], ...]) -> Done | Stopped:
    restart_peak()
    start = time.perf_counter()
    try:
        value = work()
    except MemoryError:
        return Stopped(_MEMORY)
    except refusals as error:
        return Stopped(str(error))
    return Done(value, time.perf_counter() - start, peak_megabytes())


def _work_and_exit(work: Callable[[], Any], refusals: tuple[type[Exception], ...], reader: int, writer: int) -> None:
    """In the child: nothing of the parent's may run on its way out."""
    code = 1
    try:
        os.close(reader)
        try:
            said: object = _outcome(work, refusals)
        except BaseException as error:
            said = error
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(said, pipe)
        code = 0
    finally:
        os._exit(code)


def _wait(child: int, reader: int, seconds: float, megabytes: float) -> Done | Stopped:
    stop, parts, reason, said_all, late = time.monotonic() + seconds, [], "", False, False
    try:
        while True:
            if select.select([reader], [], [], POLL_SECONDS)[0]:
                part = os.read(reader, 1 << 20)
                if not part:
                    said_all = True
                    break
                parts.append(part)
            elif time.monotonic() > stop:
                reason, late = f"more than the {seconds:.0f} s that were left", True
            elif _resident_mb(child) > megabytes:
                reason = f"more than {megabytes:,.0f} MB of memory"
            if reason:
                break
    finally:
        os.close(reader)
        if reason or not said_all:
            _end(child)
        os.waitpid(child, 0)
    if reason:
        return Stopped(reason, late)
    if not parts:
        return Stopped(f"{_MEMORY}: the system ended it")
    said = pickle.loads(b"".join(parts))  # noqa: S301 our own child wrote it
    if isinstance(said, BaseException):
        raise said
    outcome: Done | Stopped = said
    return outcome


def _end(child: int) -> None:
    """Ends it, and those that it has begun, where it leads them."""
    for end in (os.killpg, os.kill):
        with suppress(OSError):
            end(child, signal.SIGKILL)


def _resident_mb(child: int) -> float:
    try:
        pages = int(Path(f"/proc/{child}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def spread_over(n_processes: int) -> Callable[..., list[Any]]:
    """Calls a function with as many parts of an array as there are processes, each in one of its own (Linux).

    Linear algebra keeps to one thread meanwhile, as in a slot: those of several processes would wait for each other,
    even for a sum over a catalogue of more than 10,000 items.
    """

    def spread(work: Callable[[Any], Any], rows: Any) -> list[Any]:
        with threadpool_limits(1, "blas"):
            return parts_of(work, rows)

    def parts_of(work: Callable[[Any], Any], rows: Any) -> list[Any]:
        n = min(n_processes, max(len(rows) // FEW_ROWS, 1)) if sys.platform == "linux" else 1
        parts = [rows[len(rows) * place // n : len(rows) * (place + 1) // n] for place in range(n)]
        if n == 1:
            return [work(parts[0])]
        children = [_begin(partial(work, part), ()) for part in parts[1:]]
        first = work(parts[0])
        rest = [_wait(child, reader, float("inf"), float("inf")) for child, reader in children]
        for outcome in rest:
            if isinstance(outcome, Stopped):
                raise MemoryError(outcome.reason)
        return [first, *(outcome.value for outcome in rest if isinstance(outcome, Done))]

    return spread
