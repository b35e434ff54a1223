"""Runs work in processes of their own, each ended when it takes too long or all of them hold too much memory."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from threadpoolctl import threadpool_limits

from components.adapters.machine.held_memory import held_megabytes, resident_megabytes, with_descendants
from components.adapters.machine.peak_memory import peak_megabytes, restart_peak
from components.benchmarking.bounds import Done, Run, RunsBounded, Stopped

POLL_SECONDS, LOOK_SECONDS = 0.02, 0.5
"""Between two looks at what there is to read, and at the memory that is held, which takes longer."""
LOOK_EVERY = 20.0
"""Times as long as a look takes lie between two, also where memory may be short: looking takes time from working."""
FEW_ROWS = 500
"""Rows that are worth no process of their own."""
_MEMORY = "not enough memory"


def bounded_run(refusals: tuple[type[Exception], ...], megabytes: float) -> RunsBounded:
    """A `RunsBounded` whose works may hold `megabytes` with this process and all that they begin.

    What a work raises of `refusals` is its reason, all else is raised. Works are forked, so that they see what there is
    without a copy, and what they return is pickled. Linear algebra takes as many threads as leave some for those beside
    it. Where processes cannot be forked, or their memory not be read (outside Linux), works run here one after the
    other, and their time is not bounded.
    """

    def run(runs: Sequence[Run], at_once: int = 1) -> Iterator[tuple[int, Any]]:
        if sys.platform != "linux":
            for place, each in enumerate(runs):
                yield place, _run_here(each, refusals)
            return
        with _Lanes(refusals, megabytes, at_once) as lanes:
            yield from lanes.through(runs)

    return run


def _run_here(run: Run, refusals: tuple[type[Exception], ...]) -> Any:
    outcome: Done | Stopped | None = None
    while True:
        try:
            asked = next(run.steps) if outcome is None else run.steps.send(outcome)
        except StopIteration as end:
            return end.value
        outcome = _no_time() if asked.seconds <= 0 else _outcome(asked.work, refusals)


def _no_time() -> Stopped:
    return Stopped("no time is left", again=True)


@dataclass
class _Child:
    """A process, the pipe that its outcome comes from, and what has come of it so far."""

    pid: int
    reader: int
    seconds: float
    parts: list[bytes] = field(default_factory=list)
    peak_mb: float = 0.0
    stop: float = field(init=False)

    def __post_init__(self) -> None:
        self.stop = time.monotonic() + self.seconds

    def ended(self) -> Done | Stopped | None:
        """Reads on; what it says once it has said all, and None before. Raises what it raised."""
        part = os.read(self.reader, 1 << 20)
        if part:
            self.parts.append(part)
            return None
        self.close()
        if not self.parts:
            return Stopped(f"{_MEMORY}: the system ended it")
        said = pickle.loads(b"".join(self.parts))  # noqa: S301 our own child wrote it
        if isinstance(said, BaseException):
            raise said
        outcome: Done | Stopped = said
        return replace(outcome, peak_mb=max(outcome.peak_mb, self.peak_mb)) if isinstance(outcome, Done) else outcome

    def end(self) -> None:
        """Ends it, and those that it has begun; nothing where it has ended."""
        if self.reader >= 0:
            for end in (os.killpg, os.kill):
                with suppress(OSError):
                    end(self.pid, signal.SIGKILL)
            self.close()

    def close(self) -> None:
        os.close(self.reader)
        self.reader = -1
        os.waitpid(self.pid, 0)


class _Lanes:
    """Takes runs through, so many at once, and ends what still works when it is left."""

    def __init__(self, refusals: tuple[type[Exception], ...], megabytes: float, at_once: int) -> None:
        self._refusals, self._megabytes, self._at_once = refusals, megabytes, at_once
        self._threads = max(1, (os.cpu_count() or 1) // at_once)
        self._working: dict[int, tuple[_Child, Run]] = {}
        self._next_look = self._soonest_look = 0.0

    def __enter__(self) -> _Lanes:
        return self

    def __exit__(self, *_: object) -> None:
        for child, _run in self._working.values():
            child.end()

    def through(self, runs: Sequence[Run]) -> Iterator[tuple[int, Any]]:
        """See `RunsBounded`."""
        waiting = deque(enumerate(runs))
        while waiting or self._working:
            while waiting and self._has_room(waiting[0][1]):
                yield from self._go_on(*waiting.popleft(), None)
            for place, outcome in self._outcomes():
                _, run = self._working.pop(place)
                yield from self._go_on(place, run, outcome)

    def _has_room(self, run: Run) -> bool:
        others = sum(each.megabytes for _, each in self._working.values())
        return not self._working or (
            len(self._working) < self._at_once
            and resident_megabytes([os.getpid()]) + others + run.megabytes <= self._megabytes
        )

    def _go_on(self, place: int, run: Run, outcome: Done | Stopped | None) -> Iterator[tuple[int, Any]]:
        """Begins what the run asks for next; what it returns, if that was all."""
        while True:
            try:
                asked = next(run.steps) if outcome is None else run.steps.send(outcome)
            except StopIteration as end:
                yield place, end.value
                return
            if asked.seconds > 0:
                pid, reader = _begin(asked.work, self._refusals, self._threads)
                self._working[place] = _Child(pid, reader, asked.seconds), run
                return
            outcome = _no_time()

    def _outcomes(self) -> list[tuple[int, Done | Stopped]]:
        """Of those that have ended, or had to be."""
        found: list[tuple[int, Done | Stopped]] = []
        readers = {child.reader: (place, child) for place, (child, _) in self._working.items()}
        for reader in select.select(list(readers), [], [], POLL_SECONDS)[0]:
            place, child = readers.pop(reader)
            outcome = child.ended()
            if outcome is not None:
                found.append((place, outcome))
        for place, child in readers.values():
            if time.monotonic() > child.stop:
                child.end()
                found.append((place, Stopped(f"more than the {child.seconds:.0f} s that were left", again=True)))
        if not found and (heaviest := self._too_heavy()) is not None:
            self._working[heaviest][0].end()
            crowded = len(self._working) > 1
            found.append((heaviest, Stopped(f"more than {self._megabytes:,.0f} MB of memory", again=crowded)))
        return found

    def _too_heavy(self) -> int | None:
        """Which holds most, where all hold too much."""
        groups = {place: with_descendants(child.pid) for place, (child, _) in self._working.items()}
        most = resident_megabytes([os.getpid(), *(pid for group in groups.values() for pid in group)])
        began = time.monotonic()
        if began < self._next_look and (most <= self._megabytes or began < self._soonest_look):
            return None
        held = {place: held_megabytes(group) for place, group in groups.items()}
        taken = time.monotonic() - began
        self._next_look, self._soonest_look = began + LOOK_SECONDS, began + LOOK_EVERY * taken
        for place, megabytes in held.items():
            child = self._working[place][0]
            child.peak_mb = max(child.peak_mb, megabytes)
        if sum(held.values()) + held_megabytes([os.getpid()]) <= self._megabytes:
            return None
        return max(held, key=lambda place: held[place])


def _begin(work: Callable[[], Any], refusals: tuple[type[Exception], ...], threads: int | None) -> tuple[int, int]:
    """The child's number, and the pipe that its outcome comes from; with `threads` it leads those that it begins."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        if threads is not None:
            os.setpgid(0, 0)
        _work_and_exit(work, refusals, reader, writer, threads)
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


def _work_and_exit(
    work: Callable[[], Any], refusals: tuple[type[Exception], ...], reader: int, writer: int, threads: int | None
) -> None:
    """In the child: nothing of the parent's may run on its way out."""
    code = 1
    try:
        os.close(reader)
        try:
            with threadpool_limits(threads, "blas"):
                said: object = _outcome(work, refusals)
        except BaseException as error:
            said = error
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(said, pipe)
        code = 0
    finally:
        os._exit(code)


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
        children = [_Child(*_begin(partial(work, part), (), None), float("inf")) for part in parts[1:]]
        found = [work(parts[0])]
        for child in children:
            while (outcome := child.ended()) is None:
                pass
            if isinstance(outcome, Stopped):
                raise MemoryError(outcome.reason)
            found.append(outcome.value)
        return found

    return spread
