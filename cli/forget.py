"""`recops forget`: deletes a user from the store and the caches, and keeps them out of later data versions."""

from __future__ import annotations

import json
import time

import click

from cli.event_store import open_store
from cli.operator import as_operator
from components.access.tenants import DEFAULT, own_id
from components.adapters.slots.kept_answers import NotForgotten
from components.interactions.composing import user_digest
from jobs.store.forget import forget as forget_user

NEXT = """What is trained already stays until the next round: run retrain/default and promote/default.
Data versions, backups and exports from before still hold the user; docs/events.md says how to be rid of them."""


@click.command()
@click.argument("user_id")
@click.option("--tenant", default=DEFAULT, show_default=True, help="Whose user.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows deleted as JSON.")
def forget(user_id: str, tenant: str, as_json: bool) -> None:
    """Delete what is stored about USER_ID, drop kept answers, and leave them out of later data versions.

    What they do from now on is new.
    """
    try:
        user_id = own_id(tenant, user_id)
    except ValueError as error:
        raise click.UsageError(f"USER_ID: {error}") from error
    try:
        with open_store() as bench:
            by = f"{as_operator(bench, 'forget', user_digest=user_digest(user_id))} (recops forget)"
            gone = forget_user(bench, user_id, by, time.time())
    except NotForgotten as error:
        raise click.ClickException(f"deleted from the store, but {error}; run it again, or wait an hour") from error
    if as_json:
        click.echo(json.dumps(gone))
        return
    answers = gone.pop("kept_answers")
    rows = ", ".join(f"{count} {name}" for name, count in gone.items() if count) or "nothing was stored"
    click.echo(f"forgotten: {rows}; {answers} kept answers")
    click.echo(NEXT)
