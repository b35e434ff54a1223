"""The console that commands print on: as wide as the terminal, and wide enough for a table where there is none."""

from __future__ import annotations

from rich.console import Console

PLAIN_WIDTH = 140


def make_console() -> Console:
    """A console on standard output; into a file or a pipe, `PLAIN_WIDTH` columns wide."""
    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)
