"""Lets a command change things only where an operator asks for it, and has it noted."""

from __future__ import annotations

from typing import Any

import click

from jobs.access.operator import OperatorNeeded, act_as_operator
from jobs.wiring.workbench import Workbench


def as_operator(bench: Workbench, action: str, *, first: bool = False, **details: Any) -> str:
    """Who does it; see `jobs.access.operator.act_as_operator`. Ends the command where they may not."""
    try:
        return act_as_operator(bench, action, details, first)
    except OperatorNeeded as error:
        raise click.ClickException(str(error)) from error
