"""`recops tenants`: what each tenant asked, told and spent of late."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import click
from rich.table import Table

from cli.console import make_console
from cli.event_store import open_store
from components.adapters.store.traffic.by_tenant import figures_by_tenant

DAY = 86_400.0


@click.command()
@click.option("--days", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def tenants(days: float, as_json: bool) -> None:
    """What each tenant asked, told and spent of late; `recops keys make --tenant` makes one."""
    with open_store() as bench:
        found = figures_by_tenant(bench.store.engine, time.time() - days * DAY)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    table = Table("tenant", "keys", "users", "requests", "degraded", "events", "US$")
    for each in found:
        counts = (each.keys, each.users, each.requests, each.degraded, each.events)
        table.add_row(each.tenant, *(f"{count:,}" for count in counts), f"{each.cost_usd:.4f}")
    make_console().print(table)
