"""`recops alerts`: lists incidents and what was done about them, and tries the channels."""

from __future__ import annotations

import json
import time
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from cli.console import make_console
from components.adapters.alerting.apprise_channel import ChannelError
from jobs.monitoring.incidents import list_incidents
from jobs.wiring.workbench import open_workbench
from monitoring.alerting.message import moment


@click.group()
def alerts() -> None:
    """Incidents, what was done about them, and the channels that tell of them."""


@alerts.command(name="list")
@click.option("--days", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_alerts(days: float, as_json: bool) -> None:
    """Incidents that are open, and those of the last days, with their threads and deliveries."""
    with open_workbench() as bench:
        found = list_incidents(bench.store.alerts, days, time.time())
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    _print(found, make_console())


@alerts.command()
def test() -> None:
    """Send a test message to every channel and say which took it."""
    from jobs.monitoring.alert_channels import channels, try_channels

    failed = False
    with open_workbench() as bench:
        try:
            found = channels(bench)
        except ChannelError as error:
            raise click.ClickException(str(error)) from error
        for tried in try_channels(found, time.time()):
            failed |= tried.error is not None
            click.echo(f"{tried.name}: {tried.error or 'took it'}", err=tried.error is not None)
    if len(found) == 1:
        click.echo(
            "RECOPS_ALERT_URLS is not set: alerts are kept in the event store and sent to Prefect as events only"
        )
    if failed:
        raise click.exceptions.Exit(1)


def _print(found: list[dict[str, Any]], console: Console) -> None:
    if not found:
        console.print("no incidents")
        return
    table = Table("id", "rule", "severity", "opened", "over", "what was done", "told")
    for alert in found:
        rows = alert["deliveries"]
        arrived = sum(row["delivered_at"] is not None for row in rows)
        thread = "\n".join(entry["text"] for entry in alert["details"].get("thread", []))
        over = moment(alert["resolved_at"]) if alert["resolved_at"] else "open"
        opened, told = moment(alert["opened_at"]), f"{arrived} of {len(rows)}"
        table.add_row(str(alert["id"]), alert["rule"], alert["severity"], opened, over, thread, told)
    console.print(table)
