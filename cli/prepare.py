"""`recops prepare`: the event store's schema and the gateway's configuration, where containers run the rest."""

from __future__ import annotations

import click

from cli.answer import json_option, say
from cli.console import make_console
from cli.progress import Progress
from jobs.stack.prepare import prepare_gateway, prepare_store
from jobs.wiring.workbench import open_workbench


@click.command()
@json_option
def prepare(as_json: bool) -> None:
    """Migrate the event store and write what Envoy starts with; run it before each start, it changes nothing twice."""
    progress = Progress(make_console(aside=as_json))
    with open_workbench() as bench:
        with progress.step("schema of the event store"):
            prepare_store(bench)
        with progress.step("routing"):
            prepare_gateway(bench)
    say(as_json, {"seconds": round(progress.seconds, 1)})
