"""`recops down`: stops everything that `recops up` started."""

from __future__ import annotations

import click

from cli.answer import json_option, say
from jobs.stack.take_down import stop_stack
from jobs.wiring.workbench import open_workbench


@click.command()
@json_option
def down(as_json: bool) -> None:
    """Stop everything that `recops up` started. Data and releases stay; `recops up` resumes with them."""
    with open_workbench() as bench:
        stopped = stop_stack(bench)
    line = "the stack is stopped; `make up` resumes it" if stopped else "the stack was not running"
    say(as_json, {"stopped": stopped}, line)
