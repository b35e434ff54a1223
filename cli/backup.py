"""`recops backup`: writes the event store, as it is at one moment, into a folder."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import click

from cli.event_store import open_store
from cli.operator import as_operator
from components.adapters.store.backup import back_up


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backup(folder: Path, as_json: bool) -> None:
    """Back the event store up into FOLDER, a new one; the stack may go on running.

    Models, data versions and Bentos are not in it: they lie in the MLflow store, the data registry and its remote.
    """
    with open_store() as bench:
        as_operator(bench, "backup", folder=str(folder.absolute()))
        made = back_up(bench.store.engine, folder, time.time())
    if as_json:
        click.echo(json.dumps(asdict(made), indent=2))
        return
    rows = ", ".join(f"{count:,} {name}" for name, count in made.rows.items() if count) or "no rows"
    click.echo(f"{folder}: {rows}")
    click.echo(f"`recops restore {folder} --drill` proves that it can be restored")
