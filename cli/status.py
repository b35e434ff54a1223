"""`recops status`: the processes with their memory, what is scheduled, and what is live."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from cli.console import make_console
from components.adapters.prefect_api import PrefectApi
from components.config.settings import Settings, load_settings
from jobs.monitoring.schedules import Schedules, read_schedules
from jobs.stack import LOCAL_LLM, WORK_POOL, existing_store_url, ports, release_store, router, supervisor
from monitoring.stack_status import usage_of

MEGABYTE = 1024 * 1024


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def status(as_json: bool) -> None:
    """Show processes with their memory, what is scheduled, and what is live. Exit code 1 when the stack is down."""
    settings = load_settings()
    existing_store_url(settings)
    found = read_status(settings)
    if as_json:
        click.echo(json.dumps(found, indent=2, default=datetime.isoformat))
    else:
        _print(found, make_console())
    if not found["running"]:
        raise click.exceptions.Exit(1)


def read_status(settings: Settings) -> dict[str, Any]:
    """Processes (MB of memory, seconds since the start), schedules (moments in UTC) and the routing, as values."""
    control = supervisor(settings)
    running = control.is_running()
    numbers = {name.lower().replace("gateway", "envoy"): port for name, (port, _) in ports(settings).items()}
    numbers["prefect-server"] = numbers["prefect"]
    numbers[LOCAL_LLM] = settings.llm_port
    processes = []
    for process in control.states() if running else []:
        usage = usage_of(process.pid) if process.pid else None
        processes.append(
            {
                "name": process.name,
                "state": process.state,
                "pid": process.pid,
                "port": numbers.get(process.name),
                "memory_mb": round(usage.memory / MEGABYTE) if usage else 0,
                "up_seconds": round(time.time() - process.started_at) if process.pid else 0,
            }
        )
    state = release_store(settings).routing()
    now = datetime.now(UTC)
    planned = read_schedules(PrefectApi(settings.prefect_api_url), WORK_POOL, now) if running else Schedules((), ())
    return {
        "schedules": [asdict(each) for each in planned.all],
        "schedule_faults": list(planned.faults),
        "running": running,
        "processes": processes,
        "memory_mb": sum(process["memory_mb"] for process in processes),
        "live": {"release": state.live_release, "slot": state.live_slot},
        "standby": state.standby_release,
        "routing_version": {"stored": state.version, "gateway": router(settings).applied_version()},
    }


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
