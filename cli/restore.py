"""`recops restore`: makes the event store the one of a backup, or proves that it could."""

from __future__ import annotations

from pathlib import Path

import click

from cli.answer import json_option, say
from cli.event_store import one_line_errors
from cli.operator import as_operator
from components.adapters.store.backup import drill as drill_backup
from components.adapters.store.backup import restore as restore_backup
from jobs.wiring.workbench import open_workbench


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--replace", is_flag=True, help="Drop what the store has now; without it only an empty store is restored."
)
@click.option("--drill", is_flag=True, help="Restore into a store of its own, compare, and change nothing.")
@json_option
def restore(folder: Path, replace: bool, drill: bool, as_json: bool) -> None:
    """Restore the event store from the backup in FOLDER; who was forgotten since stays forgotten."""
    with one_line_errors():
        if drill:
            drilled = drill_backup(folder)
            if drilled.different:
                raise click.ClickException(f"{folder}: restored, these differ: {', '.join(drilled.different)}")
            total = sum(drilled.backup.rows.values())
            same = f"{total:,} rows in {len(drilled.backup.rows)} tables came back the same"
            said = {"restored": False, "rows": dict(drilled.backup.rows)}
            say(as_json, said, f"{folder} can be restored: {same}")
            return
        with open_workbench() as bench:
            bench.store.migrate()
            as_operator(bench, "restore", first=True, folder=str(folder.absolute()), replace=replace)
            backup = restore_backup(bench.store.url, folder, replace)
    line = f"restored {sum(backup.rows.values()):,} rows; run `recops reconcile` if the stack is running"
    say(as_json, {"restored": True, "rows": dict(backup.rows)}, line)
