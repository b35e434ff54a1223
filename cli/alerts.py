"""`recops alerts`: lists incidents and what was done about them, and tries the channels."""

from __future__ import annotations

import getpass
import json
import time
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from cli.answer import json_option, say
from cli.console import make_console
from cli.operator import as_operator
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
@json_option
def test(as_json: bool) -> None:
    """Send one message of each kind to every channel, marked as tests, and say which took it."""
    from jobs.monitoring.alert_channels import channels, try_channels

    tries: list[dict[str, str | None]] = []
    with open_workbench() as bench:
        try:
            found = channels(bench)
        except ChannelError as error:
            raise click.ClickException(str(error)) from error
        for tried in try_channels(found, time.time()):
            tries.append({"channel": tried.name, "kind": tried.kind, "error": tried.error})
            if not as_json:
                click.echo(f"{tried.name}, {tried.kind}: {tried.error or 'took it'}", err=tried.error is not None)
    none = "RECOPS_ALERT_URLS is not set: alerts are kept in the event store and sent to Prefect as events only"
    say(as_json, {"tries": tries, "channels": len(found)}, *([none] if len(found) == 1 else []))
    if any(each["error"] is not None for each in tries):
        raise click.exceptions.Exit(1)


@alerts.command()
@click.argument("rule")
@click.option("--for", "length", default="2h", show_default=True, help="How long: 30m, 2h, 1d.")
@click.option("--why", default="", help="What is known of it, for the thread and the digest; needed but with --lift.")
@click.option("--by", default=getpass.getuser, show_default="you", help="Who says so.")
@click.option("--lift", is_flag=True, help="End the silence of this rule now.")
@json_option
def silence(rule: str, length: str, why: str, by: str, lift: bool, as_json: bool) -> None:
    """Tell nobody of a rule's incidents for a while. They are kept, and answered; what still fires then is told."""
    from jobs.monitoring.silence import SilenceError, lift_silence, silence_rule

    now = time.time()
    with open_workbench() as bench:
        as_operator(bench, "alerts silence", rule=rule, why=why, lift=lift)
        try:
            if lift:
                lifted = lift_silence(bench, rule, now)
                line = f"{rule}: {'the silence is over' if lifted else 'was not silenced'}"
                say(as_json, {"rule": rule, "lifted": lifted}, line)
                return
            if not why:
                raise SilenceError("say why with --why")
            made = silence_rule(bench, rule, length, why, by, now)
        except SilenceError as error:
            raise click.ClickException(str(error)) from error
    line = f"{made.rule} is silenced until {moment(made.until)}: {made.why}"
    say(as_json, {"rule": made.rule, "until": made.until, "why": made.why}, line)


@alerts.command()
@click.argument("alert_id", type=int)
@click.option("--why", default="", help="What you know or do about it.")
@click.option("--by", default=getpass.getuser, show_default="you", help="Who says so.")
@json_option
def ack(alert_id: int, why: str, by: str, as_json: bool) -> None:
    """Say that somebody has taken an open incident on; its thread and the digest say who."""
    with open_workbench() as bench:
        as_operator(bench, "alerts ack", alert=alert_id, why=why)
        if not bench.store.alerts.acknowledge(alert_id, by, why, time.time()):
            raise click.ClickException(f"no incident {alert_id} is open; see `recops alerts list`")
    say(as_json, {"id": alert_id, "by": by, "why": why}, f"incident {alert_id} is acknowledged by {by}")


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
