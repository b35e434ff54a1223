"""`recops chat`: a conversation with the catalogue in the terminal."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from cli.console import make_console
from components.adapters.envoy.search_client import SearchFailedError, ask_gateway
from jobs.wiring.workbench import open_workbench

ENDS = frozenset({"quit", "exit", "bye", "/quit"})


@click.command()
@click.option("--user", help="Whose taste counts, and what they know is left out.")
@click.option("-k", default=5, show_default=True, type=click.IntRange(1, 20), help="How many items at a time.")
@click.option("--url", help="The gateway; that of the local stack by default.")
def chat(user: str | None, k: int, url: str | None) -> None:
    """Talk with the catalogue, a line at a time: "comedies", "shorter", "why the third?"; an empty line ends it."""
    with open_workbench() as bench:
        gateway, key = url or bench.settings.gateway_url, bench.settings.shown_key
    console = make_console()
    conversation: str | None = None
    while True:
        message = click.prompt("you", prompt_suffix="> ", default="", show_default=False).strip()
        if not message or message.lower() in ENDS:
            return
        body: dict[str, Any] = {"message": message[:512], "k": k}
        body |= {"conversation_id": conversation} if conversation else {"user_id": user} if user else {}
        try:
            answer = ask_gateway(gateway, "/chat", body, key, seconds=60.0)
        except SearchFailedError as error:
            raise click.ClickException(str(error)) from error
        conversation = answer["conversation_id"]
        click.echo(answer["reply"])
        if answer["changed"]:
            table = Table("", "title", "why", box=None)
            for item in answer["items"]:
                table.add_row(str(item["rank"]), item["title"], item["explanation"] or "")
            console.print(table)
