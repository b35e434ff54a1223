"""How a flow and its tests share one sequence: each step of it is called through what `as_step` makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

Step = TypeVar("Step", bound=Callable[..., Any])
Log = Callable[[str], None]


class AsStep(Protocol):
    """Makes of a function the step that is called in its place."""

    def __call__(self, function: Step, /) -> Step: ...


def plainly(function: Step) -> Step:
    """The function itself is the step."""
    return function
