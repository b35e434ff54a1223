"""Prints the steps of a long command: what runs now, and how long each step took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Steps on a console: a live line on a terminal, a plain line a step elsewhere."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = time.monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """A step; what it yields says what is being done now. The time is printed when the step ends."""
        began = time.monotonic()
        with self.console.status(title) as status:

            def say(text: str) -> None:
                status.update(f"{title} [dim]{text}[/dim]")

            try:
                yield say
            except BaseException:
                self.console.print(f"[red]✗[/red] {title:<44} {time.monotonic() - began:6.1f} s", highlight=False)
                raise
        self.console.print(f"[green]✓[/green] {title:<44} {time.monotonic() - began:6.1f} s", highlight=False)

    @property
    def seconds(self) -> float:
        """Since the first step."""
        return time.monotonic() - self._began
