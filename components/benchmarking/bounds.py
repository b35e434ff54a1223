"""What a piece of work gave within the time and memory it was allowed, or why it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Done:
    """`value` is what the work returned; its seconds, and its peak of memory, MB."""

    value: Any
    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Stopped:
    """Why there is no value, in words that go on after the name of the work; with more time there may be one."""

    reason: str
    out_of_time: bool = False


class RunsBounded(Protocol):
    """Runs work within bounds; whatever happens to it, who asked goes on."""

    def __call__(self, work: Callable[[], Any], seconds: float) -> Done | Stopped:
        """What `work` gave within `seconds`; one that is out of memory, or refuses its data, is stopped as well."""
        ...
