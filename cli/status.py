"""`recops status`: the processes with their memory, what is scheduled, and what is live."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from cli.console import make_console
from jobs.stack.status import read_status
from jobs.wiring.workbench import open_workbench


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def status(as_json: bool) -> None:
    """Show processes, schedules and what is live. Exit code 1 when the stack is down or the gateway deaf."""
    with open_workbench() as bench:
        found = read_status(bench)
    if as_json:
        click.echo(json.dumps(found, indent=2, default=datetime.isoformat))
    else:
        _print(found, make_console())
    if not (found["running"] and found["gateway_answers"]):
        raise click.exceptions.Exit(1)


def _print(found: dict[str, Any], console: Console) -> None:
    if not found["running"]:
        console.print("the stack is not running; start it with `make up`")
    else:
        table = Table("process", "state", "pid", "port", "memory", "up")
        for column in (2, 3, 4, 5):
            table.columns[column].justify = "right"
        for process in found["processes"]:
            up = f"{process['up_seconds']} s" if process["pid"] else ""
            memory = f"{process['memory_mb']} MB" if process["pid"] else ""
            row = (process["name"], process["state"], str(process["pid"] or ""), str(process["port"] or ""), memory, up)
            table.add_row(*row)
        table.add_section()
        table.add_row("all", "", "", "", f"{found['memory_mb']} MB", "")
        console.print(table)
        console.print(_schedules(found["schedules"]))
    for fault in found["schedule_faults"]:
        console.print(f"[yellow]{fault}[/yellow]", highlight=False)
    live = found["live"]
    console.print(
        f"live: {live['release'] or 'nothing'} in {live['slot'] or 'no slot'}; standby: {found['standby'] or 'none'}"
    )
    if found["running"] and not found["gateway_answers"]:
        console.print("[red]the gateway does not answer; `recops reconcile` starts it again[/red]")
    versions = found["routing_version"]
    if found["running"] and versions["stored"] != versions["gateway"]:
        console.print(
            f"[yellow]the gateway follows routing {versions['gateway']}, stored is {versions['stored']}[/yellow]"
        )


def _schedules(schedules: list[dict[str, Any]]) -> Table:
    table = Table("schedule", "when (UTC)", "next run", "last run", "ended")
    for each in schedules:
        following = _moment(each["next_run"]) if each["active"] else "off"
        table.add_row(
            each["name"], each["schedule"], following, _moment(each["last_run"]), str(each["last_state"] or "")
        )
    return table


def _moment(at: datetime | None) -> str:
    return "none" if at is None else f"{at:%Y-%m-%d %H:%M}"
