"""How pieces of a training that do not need each other are run: here one after the other, elsewhere at once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol


class RunsWorks(Protocol):
    """Runs works, none of which changes what there is; whoever stops asking closes what it was given."""

    def __call__(self, works: Sequence[Callable[[], Any]], /) -> Generator[Any, None, None]:
        """What each work returns, in their order; an error of one is raised."""
        ...


def one_by_one(works: Sequence[Callable[[], Any]]) -> Generator[Any, None, None]:
    """Each work when its outcome is asked for."""
    yield from (work() for work in works)
