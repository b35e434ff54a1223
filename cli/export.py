"""`recops export`: writes what is stored as Parquet files, for analysis elsewhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from cli.answer import json_option, say
from cli.event_store import open_store
from cli.operator import as_operator
from components.adapters.store.contents import EVENTS
from jobs.store.export import export_tables


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--table", "names", multiple=True, type=click.Choice(list(EVENTS)), help="By default all of them.")
@click.option("--since", type=click.DateTime(), help="From this moment on (UTC).")
@click.option("--until", type=click.DateTime(), help="Before this moment (UTC).")
@click.option("--tenant", default=None, help="Of this tenant alone; by default of all.")
@json_option
def export(
    folder: Path,
    names: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    tenant: str | None,
    as_json: bool,
) -> None:
    """Write tables of the event store as FOLDER/<table>.parquet, all as they are at one moment."""
    with open_store() as bench:
        as_operator(bench, "export", folder=str(folder.absolute()), tables=", ".join(names), tenant=tenant or "all")
        made = list(export_tables(bench, folder, names, since, until, tenant))
    files = [{"file": str(each.file), "rows": each.rows} for each in made]
    say(as_json, {"files": files}, *(f"{each.file}: {each.rows:,} rows" for each in made))
