"""`recops doctor`: says what is not well with this machine and the stack, and what mends it."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from rich.markup import escape

from cli.console import make_console
from jobs.stack.doctor import examine
from jobs.wiring.workbench import open_workbench

MARKS = {"well": "[green]✓[/green]", "ill": "[bold red]✗[/bold red]", "skipped": "–"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Look at ports, disk, compiler, versions, keys, schedules, gateway and services; ends with 1 where one is ill."""
    with open_workbench() as bench:
        found = examine(bench)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    else:
        console = make_console()
        for each in found:
            console.print(f"{MARKS[each.state]} [bold]{each.name}[/bold]  {escape(each.said)}", highlight=False)
            if each.mend:
                console.print(f"  → {escape(each.mend)}", highlight=False)
    if any(each.state == "ill" for each in found):
        raise click.exceptions.Exit(1)
