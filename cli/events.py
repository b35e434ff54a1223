"""`recops events`: how much the event store holds, and dropping what is past its time."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import click

from cli.event_store import open_store
from cli.operator import as_operator
from components.adapters.dvc.data_registry import DataRegistryError
from jobs.store.count import count_store
from jobs.store.prune_events import prune_events, tell


@click.group()
def events() -> None:
    """Show how much is stored, and drop what is past its time."""


@events.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def count(as_json: bool) -> None:
    """Count the rows of each table."""
    with open_store() as bench:
        counts = count_store(bench)
    click.echo(
        json.dumps(counts, indent=2) if as_json else "\n".join(f"{n:>12,}  {name}" for name, n in counts.items())
    )


@events.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def prune(as_json: bool) -> None:
    """Drop what is older than `retention` in params.yaml; feedback that no data version has read stays."""
    try:
        with open_store() as bench:
            as_operator(bench, "events prune")
            pruned = prune_events(bench, time.time())
    except DataRegistryError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(asdict(pruned)) if as_json else tell(pruned))
