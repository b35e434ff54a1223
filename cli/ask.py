"""`recops ask`: asks the gateway for items in plain words, and shows what was understood."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.table import Table

from cli.console import make_console
from components.adapters.envoy.search_client import SearchFailedError, search
from jobs.wiring.workbench import open_workbench


@click.command()
@click.argument("text")
@click.option("--user", help="Whose taste counts, and what they know is left out.")
@click.option("-k", default=10, show_default=True, type=click.IntRange(1, 100), help="How many items.")
@click.option("--url", help="The gateway; that of the local stack by default.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the items with their fields, understood, ignored.")
def ask(text: str, user: str | None, k: int, url: str | None, as_json: bool) -> None:
    """Ask for items in plain words: recops ask "like Inception but shorter"."""
    body: dict[str, Any] = {"query": text, "k": k}
    if user is not None:
        body |= {"user_id": user, "allow_seen": False}
    try:
        with open_workbench() as bench:
            answer = search(url or bench.settings.gateway_url, body, bench.settings.shown_key)
    except SearchFailedError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    understood = "; ".join(
        f"{wish['words']}{' (given up)' if wish['loosened'] else ''}" for wish in answer["understood"]
    )
    click.echo(f"Understood: {understood or 'nothing'}")
    if answer["ignored"]:
        click.echo(f"Ignored: {', '.join(answer['ignored'])}")
    table = Table("", "title", "why", box=None)
    for item in answer["items"]:
        table.add_row(str(item["rank"]), item["title"], item["explanation"] or "")
    make_console().print(table)
