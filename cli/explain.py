"""`recops explain USER ITEM`: says where an item stands for a user in the live release, and what put it there."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.table import Table

from cli.console import make_console
from jobs.console.try_out import explain as explain_items
from jobs.errors import NothingThereError
from jobs.wiring.workbench import open_workbench


@click.command()
@click.argument("user")
@click.argument("item")
@click.option("--json", "as_json", is_flag=True, help="Print what the slot says, as JSON.")
def explain(user: str, item: str, as_json: bool) -> None:
    """Say where ITEM stands among USER's candidates now, which generator brought it, and what moved its score."""
    with open_workbench() as bench:
        slot = bench.store.releases.routing().live_slot
        if slot is None:
            raise NothingThereError("nothing is live yet; run `recops up`")
        found, fault = explain_items(bench, slot, user, [item])
    if found is None:
        raise click.ClickException(f"{slot} does not say: {fault}; `recops doctor` looks at it")
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    click.echo(
        f"{found['release']} in {found['slot']}, ordered by: {found['method']}; {found['n_known']} interactions known"
    )
    if not found["items"]:
        click.echo(_why_not(found, item))
        return
    _print(found["items"][0])


def _why_not(found: dict[str, Any], item: str) -> str:
    if item in found["met"]:
        liked = " and likes it" if item in found["liked"] else ""
        return f"{item} is not shown: the user has met it{liked}"
    if not found["n_known"]:
        return f"nothing is known of the user, so {item} has no place of its own: what is popular is shown"
    return f"{item} is none of the user's candidates, or not in the catalogue"


def _print(item: dict[str, Any]) -> None:
    console = make_console()
    console.print(
        f"{item['title']}: place {item['place']} of {item['candidates']} candidates", highlight=False, markup=False
    )
    brought = Table("generator", "place", "score, in standard deviations", title="Who brought it", title_justify="left")
    for name, score, place in item["generators"]:
        brought.add_row(name, str(place), f"{score:+.2f}")
    console.print(brought)
    if item["pushes"]:
        moved = Table(
            "feature", "value", "moved the score by", title="What the ranker made of it", title_justify="left"
        )
        for name, value, by in item["pushes"]:
            moved.add_row(name, "unknown" if value is None else f"{value:.4g}", f"{by:+.3f}")
        console.print(moved)
