"""`recops logs NAME`: prints the log of a process of the stack."""

from __future__ import annotations

import time
from collections import deque

import click

from cli.answer import json_option, say
from jobs.wiring.workbench import open_workbench


@click.command()
@click.argument("name", required=False)
@click.option(
    "--lines", "-n", type=click.IntRange(min=0), default=50, show_default=True, help="How many of the last lines."
)
@click.option("--follow", "-f", is_flag=True, help="Go on printing what is added.")
@json_option
def logs(name: str | None, lines: int, follow: bool, as_json: bool) -> None:
    """Print the log of NAME, such as blue, envoy, mlflow or prefect-worker; without NAME, list them."""
    with open_workbench() as bench:
        folder = bench.settings.logs_folder
    known = sorted(file.stem for file in folder.glob("*.log"))
    if not known:
        raise click.ClickException("there are no logs yet; start the stack with `make up`")
    if name is None:
        say(as_json, {"logs": known}, *known)
        return
    if name not in known:
        raise click.ClickException(f"there is no log of {name!r}; known are {', '.join(known)}")
    if as_json and follow:
        raise click.UsageError("a log that goes on is no JSON document; leave out --json or --follow")
    with (folder / f"{name}.log").open(errors="replace") as file:
        if as_json:
            say(True, {"log": name, "lines": [line.rstrip("\n") for line in deque(file, maxlen=lines)]})
            return
        for line in deque(file, maxlen=lines):
            click.echo(line, nl=False)
        while follow:
            for line in file:
                click.echo(line, nl=False)
            time.sleep(0.2)
