"""The console that commands print on: as wide as the terminal, and wide enough for a table where there is none."""

from __future__ import annotations

from rich.console import Console

PLAIN_WIDTH = 140


def make_console(aside: bool = False) -> Console:
    """A console on standard output, or `aside` on standard error; into a file or a pipe, `PLAIN_WIDTH` columns wide."""
    console = Console(stderr=aside)
    return console if console.is_terminal else Console(stderr=aside, width=PLAIN_WIDTH)
