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
from components.adapters.store.alerts.incidents import Alert, AlertStore, Claimed
from components.adapters.store.engine import open_engine
from components.config.settings import load_settings
from jobs.stack import existing_store_url
from monitoring.alerting.message import moment

DAY = 86_400.0
TEST_TIMEOUT = 10.0


@click.group()
def alerts() -> None:
    """Incidents, what was done about them, and the channels that tell of them."""


@alerts.command(name="list")
@click.option("--days", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_alerts(days: float, as_json: bool) -> None:
    """Incidents that are open, and those of the last days, with their threads and deliveries."""
    store = AlertStore(open_engine(existing_store_url(load_settings())))
    found = store.since(time.time() - days * DAY)
    if as_json:
        click.echo(json.dumps([_plain(store, alert) for alert in found], indent=2))
        return
    _print(store, found, make_console())


@alerts.command()
def test() -> None:
    """Send a test message to every channel and say which took it."""
    from jobs.monitoring.alert_channels import channels

    try:
        found = channels(load_settings())
    except ChannelError as error:
        raise click.ClickException(str(error)) from error
    message = {
        "title": "[test] recops alerts arrive here",
        "body": "Sent by `recops alerts test`. Nothing is wrong.",
        "severity": "info",
        "rule": "test",
        "answer": {"kind": "none"},
    }
    failed = False
    for name, channel in found.items():
        try:
            channel.send(Claimed(0, 0, int(time.time()), "test", name, message, 1), TEST_TIMEOUT)
            click.echo(f"{name}: took it")
        except Exception as error:
            failed = True
            click.echo(f"{name}: {error}", err=True)
    if len(found) == 1:
        click.echo(
            "RECOPS_ALERT_URLS is not set: alerts are kept in the event store and sent to Prefect as events only"
        )
    if failed:
        raise click.exceptions.Exit(1)


def _plain(store: AlertStore, alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.alert_id,
        "rule": alert.rule,
        "severity": alert.severity,
        "state": alert.state,
        "opened_at": alert.opened_at,
        "resolved_at": alert.resolved_at,
        "details": dict(alert.details),
        "deliveries": [
            {
                "channel": row.channel,
                "kind": row.kind,
                "attempts": row.attempts,
                "delivered_at": row.delivered_at,
                "last_error": row.last_error,
            }
            for row in store.deliveries(alert.alert_id)
        ],
    }


def _print(store: AlertStore, found: list[Alert], console: Console) -> None:
    if not found:
        console.print("no incidents")
        return
    table = Table("id", "rule", "severity", "opened", "over", "what was done", "told")
    for alert in found:
        rows = store.deliveries(alert.alert_id)
        arrived = sum(row.delivered_at is not None for row in rows)
        thread = "\n".join(entry["text"] for entry in alert.details.get("thread", []))
        over = moment(alert.resolved_at) if alert.resolved_at else "open"
        told = f"{arrived} of {len(rows)}"
        table.add_row(str(alert.alert_id), alert.rule, alert.severity, moment(alert.opened_at), over, thread, told)
    console.print(table)
