"""`recops audit`: what operators did, and what was refused to others."""

from __future__ import annotations

import json

import click
from rich.table import Table

from cli.console import make_console
from cli.event_store import open_store
from components.rollout.history import shown_time


@click.command()
@click.option("--newest", type=click.IntRange(min=1), default=50, show_default=True, help="How many entries.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def audit(newest: int, as_json: bool) -> None:
    """Show what was done by hand and by flows, when and by whom; nothing deletes from this log."""
    with open_store() as bench:
        entries = bench.store.audit.newest(newest)
    if as_json:
        click.echo(json.dumps(entries, indent=2))
        return
    table = Table("at", "by", "what", "details")
    for entry in entries:
        details = ", ".join(f"{name} {value}" for name, value in entry["details"].items() if value not in (None, ""))
        table.add_row(shown_time(entry["at"]), entry["by"], entry["action"], details)
    make_console().print(table)
