"""What a piece of work gave within the time and memory it was allowed, or why it was stopped."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Done:
    """`value` is what the work returned; its seconds, and its peak of memory, MB, with all that it has begun."""

    value: Any
    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Stopped:
    """Why there is no value, in words that go on after the name of the work; with more time, or alone, there may be."""

    reason: str
    again: bool = False


@dataclass(frozen=True)
class BoundedWork:
    """A piece of work, and the seconds that it may take."""

    work: Callable[[], Any]
    seconds: float


Steps = Generator[BoundedWork, Done | Stopped, Any]
"""Asks for one piece of work after another, is sent what each gave, and returns what came of all."""


@dataclass(frozen=True)
class Run:
    """Steps, and the MB that each of them is thought to need."""

    steps: Steps
    megabytes: float = 0.0


class RunsBounded(Protocol):
    """Runs work within bounds; whatever happens to it, who asked goes on."""

    def __call__(self, runs: Sequence[Run], at_once: int = 1) -> Iterator[tuple[int, Any]]:
        """The place of each of `runs`, and what it returned, as they end.

        They are begun in their order, at most so many at once, and one beside others only where all are thought to
        have memory. A piece of work that is out of memory, or refuses its data, is stopped as well.
        """
        ...


def alone(run: RunsBounded, work: Callable[[], Any], seconds: float) -> Done | Stopped:
    """What `work` gave within `seconds`."""
    [(_, outcome)] = run([Run(_once(work, seconds))])
    found: Done | Stopped = outcome
    return found


def _once(work: Callable[[], Any], seconds: float) -> Steps:
    return (yield BoundedWork(work, seconds))
