"""`recops items`: switches items off and on, in all slots within seconds and without a retraining."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import click
from rich.table import Table

from cli.answer import json_option, say
from cli.console import make_console
from cli.event_store import open_store
from cli.operator import as_operator
from jobs.catalogue.switch_items import PastMoment, switch_off, switch_on


@click.group()
def items() -> None:
    """Items that nobody is shown, whatever release is live."""


@items.command()
@click.argument("item_ids", nargs=-1, required=True)
@click.option("--until", type=click.DateTime(), default=None, help="When they come back by themselves (UTC).")
@click.option("--reason", default="", help="Why, for those who read the list.")
@json_option
def off(item_ids: Sequence[str], until: datetime | None, reason: str, as_json: bool) -> None:
    """Show these items to nobody any more."""
    moment = None if until is None else until.replace(tzinfo=UTC).timestamp()
    with open_store() as bench:
        by = as_operator(bench, "items off", item_ids=list(item_ids), until=moment, reason=reason)
        try:
            unknown = switch_off(bench, item_ids, moment, reason, time.time(), by)
        except PastMoment as error:
            raise click.ClickException(str(error)) from error
    for item_id in unknown:
        click.echo(f"{item_id}: the live release has no such item; it is off all the same", err=True)
    found = {"off": list(item_ids), "unknown": list(unknown)}
    say(as_json, found, f"{len(item_ids):,} off, in all slots within seconds")


@items.command()
@click.argument("item_ids", nargs=-1, required=True)
@json_option
def on(item_ids: Sequence[str], as_json: bool) -> None:
    """Take it back."""
    with open_store() as bench:
        as_operator(bench, "items on", item_ids=list(item_ids))
        count = switch_on(bench, item_ids)
    say(as_json, {"on": count}, f"{count:,} of {len(item_ids):,} were off, and are on")


@items.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_items(as_json: bool) -> None:
    """Every item that is switched off by hand, since and until when, and why."""
    with open_store() as bench:
        found = bench.store.items_off.at(time.time())
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    table = Table("id", "since", "until", "reason", "by")
    for each in found:
        table.add_row(each.item_id, _moment(each.since), _moment(each.until), each.reason, each.by)
    make_console().print(table)


def _moment(at: float | None) -> str:
    return "switched on" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"
