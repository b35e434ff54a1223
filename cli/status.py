"""`recops status`: the processes with their memory, and what is live."""

from __future__ import annotations

import json
import time
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from cli.console import make_console
from components.config.settings import Settings, load_settings
from jobs.stack import LOCAL_LLM, existing_store_url, ports, release_store, router, supervisor
from monitoring.stack_status import usage_of

MEGABYTE = 1024 * 1024


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def status(as_json: bool) -> None:
    """Show the processes of the stack, their memory, and what is live. Exit code 1 when the stack is down."""
    settings = load_settings()
    existing_store_url(settings)
    found = read_status(settings)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _print(found, make_console())
    if not found["running"]:
        raise click.exceptions.Exit(1)


def read_status(settings: Settings) -> dict[str, Any]:
    """Processes (MB of memory, seconds since the start) and the routing, as plain values."""
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
    return {
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
    live = found["live"]
    console.print(
        f"live: {live['release'] or 'nothing'} in {live['slot'] or 'no slot'}; standby: {found['standby'] or 'none'}"
    )
    versions = found["routing_version"]
    if found["running"] and versions["stored"] != versions["gateway"]:
        console.print(
            f"[yellow]the gateway follows routing {versions['gateway']}, stored is {versions['stored']}[/yellow]"
        )
