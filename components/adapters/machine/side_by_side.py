"""Runs works in processes of their own, as many at once as there are processors and memory for."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil
from threadpoolctl import threadpool_limits

_GROUP = Path("/sys/fs/cgroup")


def side_by_side(
    n_processes: int, threads: int | None = None
) -> Callable[[Sequence[Callable[[], Any]]], Generator[Any, None, None]]:
    """A `RunsWorks` with at most so many processes at once; with one, or outside of Linux, the works run here in turn.

    Works are forked, so that they see what there is without a copy; what they return is pickled. The first that raises
    ends the others, as does whoever stops asking; none outlives this process but by its own end. `threads` bounds those
    of linear algebra in each process; None leaves them as they are.
    """

    def run(works: Sequence[Callable[[], Any]]) -> Generator[Any, None, None]:
        if min(n_processes, len(works)) < 2 or sys.platform != "linux":
            yield from (work() for work in works)
            return
        with _Children(works, threads) as children:
            yield from children.outcomes(n_processes)

    return run


def processes_for(megabytes: float) -> int:
    """How many processes that may hold so much each the machine, or the container, has processors and memory for."""
    return max(1, min(_processors(), int(_free_megabytes() // max(megabytes, 1.0))))


class _Children:
    """Begins works in their order, and ends those that are still there when it is left."""

    def __init__(self, works: Sequence[Callable[[], Any]], threads: int | None) -> None:
        self._works = works
        self._threads = threads
        self._begun: list[BaseProcess] = []
        self._running: dict[Connection, int] = {}

    def __enter__(self) -> _Children:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._begun:
            child.kill()
        for child in self._begun:
            child.join()
            child.close()
        for reader in self._running:
            reader.close()

    def outcomes(self, n_processes: int) -> Iterator[Any]:
        """What each work returns, in their order."""
        found: dict[int, Any] = {}
        for place in range(len(self._works)):
            while place not in found:
                while len(self._running) < n_processes and len(self._begun) < len(self._works):
                    self._begin()
                for reader in wait(list(self._running)):
                    assert isinstance(reader, Connection)  # noqa: S101 nothing else was waited for
                    found[self._running.pop(reader)] = _received(reader)
            yield found.pop(place)

    def _begin(self) -> None:
        reader, writer = multiprocessing.Pipe(duplex=False)
        place = len(self._begun)
        child = multiprocessing.get_context("fork").Process(
            target=_work, args=(self._works[place], self._threads, writer), name=f"work {place}", daemon=True
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of libraries that wait for work
            child.start()
        writer.close()
        self._begun.append(child)
        self._running[reader] = place


def _work(work: Callable[[], Any], threads: int | None, writer: Connection) -> None:
    """Sends what it gave, and the bytes of its arrays behind it, of which no copy is made."""
    arrays: list[pickle.PickleBuffer] = []
    try:
        with threadpool_limits(threads, "blas"):
            outcome = pickle.dumps((True, work()), pickle.HIGHEST_PROTOCOL, buffer_callback=arrays.append)
    except Exception as error:
        arrays.clear()
        outcome = pickle.dumps((False, error))
    parts = [array.raw() for array in arrays]
    writer.send_bytes(pickle.dumps((outcome, [part.nbytes for part in parts])))
    for part in parts:
        if part.nbytes:
            writer.send_bytes(part)


def _received(reader: Connection) -> Any:
    with reader:
        try:
            outcome, sizes = pickle.loads(reader.recv_bytes())  # noqa: S301 our own child wrote it
            arrays = [bytearray(size) for size in sizes]
            for array in arrays:
                if array:
                    reader.recv_bytes_into(array)
        except EOFError as error:
            raise MemoryError(
                "a process that trained was ended by the system, most likely for want of memory"
            ) from error
    good, value = pickle.loads(outcome, buffers=arrays)  # noqa: S301 likewise
    if not good:
        raise value
    return value


def _processors() -> int:
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    with _if_stated():
        quota, period = map(float, (_GROUP / "cpu.max").read_text().split())
        return min(usable, int(quota / period))
    return usable


def _free_megabytes() -> float:
    free = float(psutil.virtual_memory().available)
    with _if_stated():
        most, held = (float((_GROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        return min(free, most - held) / 1e6
    return free / 1e6


@contextmanager
def _if_stated() -> Iterator[None]:
    """A container's bounds, which say "max" where there are none."""
    try:
        yield
    except (OSError, ValueError):
        return
