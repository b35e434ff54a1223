"""`recops events`: how much the event store holds, and dropping what is past its time."""

from __future__ import annotations

import json
import time

import click
from sqlalchemy import func, select

from cli.event_store import store_of
from components.adapters.dvc.data_registry import DataRegistry, DataRegistryError
from components.adapters.files.params_file import read_params
from components.adapters.store.engine import reading
from components.adapters.store.pruning import count_unread
from components.adapters.store.pruning import prune as prune_store
from components.adapters.store.tables import metadata
from components.config.settings import load_settings


@click.group()
def events() -> None:
    """Show how much is stored, and drop what is past its time."""


@events.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def count(as_json: bool) -> None:
    """Count the rows of each table."""
    with store_of(load_settings()) as engine, reading(engine) as db:
        counts = {
            table.name: db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
    click.echo(
        json.dumps(counts, indent=2) if as_json else "\n".join(f"{n:>12,}  {name}" for name, n in counts.items())
    )


@events.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def prune(as_json: bool) -> None:
    """Drop what is older than `retention` in params.yaml; feedback that no data version has read stays."""
    settings = load_settings()
    retention = read_params(settings.project / "params.yaml").retention
    now = time.time()
    try:
        latest = DataRegistry(settings).latest()
    except DataRegistryError as error:
        raise click.ClickException(str(error)) from error
    read_until = None if latest is None else latest.manifest.events_read_until
    with store_of(settings) as engine:
        deleted = prune_store(engine, retention, now, read_until)
        with reading(engine) as db:
            unread = count_unread(db, retention, now, read_until)
    if as_json:
        click.echo(json.dumps({"deleted": deleted, "kept_unread": unread}))
        return
    click.echo(", ".join(f"{n:,} {name}" for name, n in deleted.items() if n) or "nothing is past its time")
    if unread:
        click.echo(f"kept {unread:,} old feedback that no data version has read: run ingest/default with source=events")
