"""Says what a command did: a line for people on standard output, or one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def say(as_json: bool, found: Mapping[str, Any], *lines: str) -> None:
    """`found` as JSON, or `lines`."""
    for line in [json.dumps(found, indent=2, default=str)] if as_json else lines:
        click.echo(line)


def teller(as_json: bool) -> Callable[[str], None]:
    """For what is told while a command works: beside the document, on standard error, where that is JSON."""
    return lambda line: click.echo(line, err=as_json)
