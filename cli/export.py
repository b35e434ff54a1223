"""`recops export`: writes what is stored as Parquet files, for analysis elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import Column

from cli.event_store import store_of
from components.adapters.store.table_files import snapshot, write_table
from components.adapters.store.tables import exposures, feedback, impressions, llm_calls, requests
from components.config.settings import load_settings

MOMENTS: dict[str, Column[float]] = {
    "requests": requests.c.received_at,
    "impressions": impressions.c.shown_at,
    "feedback": feedback.c.received_at,
    "exposures": exposures.c.first_at,
    "llm_calls": llm_calls.c.called_at,
}


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--table", "names", multiple=True, type=click.Choice(list(MOMENTS)), help="By default all of them.")
@click.option("--since", type=click.DateTime(), help="From this moment on (UTC).")
@click.option("--until", type=click.DateTime(), help="Before this moment (UTC).")
def export(folder: Path, names: tuple[str, ...], since: datetime | None, until: datetime | None) -> None:
    """Write tables of the event store as FOLDER/<table>.parquet, all as they are at one moment."""
    folder.mkdir(parents=True, exist_ok=True)
    with store_of(load_settings()) as engine, snapshot(engine) as db:
        for name in names or MOMENTS:
            moment = MOMENTS[name]
            conditions = [moment >= since.replace(tzinfo=UTC).timestamp()] if since else []
            conditions += [moment < until.replace(tzinfo=UTC).timestamp()] if until else []
            count = write_table(db, moment.table, folder / f"{name}.parquet", *conditions)
            click.echo(f"{folder / name}.parquet: {count:,} rows")
