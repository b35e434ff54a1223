"""`recops data check`: what an ingest would make of a source, before anything is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from cli.console import make_console

if TYPE_CHECKING:
    from components.interactions.data_check import DataCheck, TableCheck


class JsonObject(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.2 on only
    """An object as JSON text, such as {"userId": "user_id"}."""

    name = "JSON"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """The object."""
        try:
            parsed = value if isinstance(value, dict) else json.loads(value)
        except json.JSONDecodeError as error:
            self.fail(f"{value!r} is no JSON: {error}", param, ctx)
        if not isinstance(parsed, dict):
            self.fail(f'{value!r} is no object; write it like {{"userId": "user_id"}}', param, ctx)
        return parsed


@click.command("check")
@click.argument("source")
@click.option("--mapping", type=JsonObject(), default="{}", help='From your columns to ours: {"userId": "user_id"}.')
@click.option("--options", type=JsonObject(), default="{}", help='Of this ingest: {"day_first": true}.')
@click.option("--until", help="Interactions up to a moment or a share, as for an ingest.")
@click.option("--table", help='With the source "sql": the table with the interactions.')
@click.option("--items-table", help='With the source "sql": the table with the items.')
@click.option("--users-table", help='With the source "sql": the table with the users.')
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(
    source: str,
    mapping: dict[str, str],
    options: dict[str, Any],
    until: str | None,
    table: str | None,
    items_table: str | None,
    users_table: str | None,
    as_json: bool,
) -> None:
    """Say what an ingest of SOURCE would keep, merge and refuse; nothing is kept.

    SOURCE is a file, a folder, a zip, an address such as s3://bucket/folder, or "sql". Ends with 1 when the ingest
    would be refused.
    """
    from jobs.data.check import check_source
    from jobs.data.ingest import IngestRequest
    from jobs.wiring.workbench import open_workbench

    request = IngestRequest(source, until, mapping, table, items_table, users_table, options)
    with open_workbench() as bench:
        found = check_source(bench, request)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
    else:
        _print(found)
    if found.refused is not None:
        raise click.exceptions.Exit(1)


def _print(found: DataCheck) -> None:
    console = make_console()
    for name, table in found.tables.items():
        console.print(f"[bold]{name}[/bold]: {table.read_as}", highlight=False)
        left_out, bad = _left_out(table), sum(table.bad.values()) - _left_out(table)
        counts = f"{table.kept:,} kept, {table.merged:,} merged, {left_out:,} left out by filters, {bad:,} bad"
        console.print(f"  {table.rows:,} rows: {counts}")
        taken = [f"{theirs} is {ours}" if ours != theirs else theirs for theirs, ours in table.columns.items() if ours]
        left = [theirs for theirs, ours in table.columns.items() if not ours]
        console.print(f"  columns: {', '.join(taken)}" + (f"; not used: {', '.join(left)}" if left else ""))
        for note in table.notes:
            console.print(f"  - {note}", markup=False)
        for reason, count in table.bad.items():
            console.print(f"  {count:,} × {reason}", markup=False)
            for example in table.examples.get(reason, ()):
                console.print(f"      {example}", markup=False, overflow="ellipsis", no_wrap=True)
    if found.time is not None:
        console.print(f"from {found.time[0]:%Y-%m-%d %H:%M:%S} to {found.time[1]:%Y-%m-%d %H:%M:%S} UTC")
    if found.values is not None:
        console.print(f"values from {found.values[0]:g} to {found.values[1]:g}")
    if found.tables:
        console.print(
            f"{found.users:,} users, {found.few_users:.0%} with fewer than 5 interactions; "
            f"{found.items:,} items, {found.few_items:.0%} with fewer than 5"
        )
    if found.heaviest is not None:
        console.print(f"heaviest user: {found.heaviest[0]!r} with {found.heaviest[1]:,} interactions", markup=False)
    for line in found.suggestions:
        console.print(f"suggestion: {line}", markup=False)
    if found.refused is not None:
        console.print(f"an ingest would be refused: {found.refused}", markup=False, style="red")
    else:
        console.print("an ingest would take it", style="green")


def _left_out(table: TableCheck) -> int:
    from components.interactions.screening import FILTERED

    return sum(count for reason, count in table.bad.items() if reason.startswith(FILTERED))
