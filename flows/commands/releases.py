"""`recops releases`: what was promoted and rolled back, when, by whom, and how it ended."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
from rich.table import Table
from sqlalchemy import select

from components.adapters.event_store.engine import open_engine, reading
from components.adapters.event_store.tables import releases as releases_table
from components.adapters.event_store.tables import rollouts
from components.adapters.settings import load_settings
from flows.console import make_console
from flows.stack import existing_store_url


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def releases(as_json: bool) -> None:
    """Show what was promoted and rolled back: a table of releases, and the story of what was done."""
    history = read_history(existing_store_url(load_settings()))
    if as_json:
        click.echo(json.dumps(history, indent=2))
        return
    console = make_console()
    console.print(_releases_table(history["releases"]))
    console.print(_rollouts_table(history["rollouts"]))


def read_history(store_url: str) -> dict[str, list[dict[str, Any]]]:
    """All releases and all rollouts, oldest first, as plain values."""
    with reading(open_engine(store_url)) as db:
        return {
            "releases": [dict(row._mapping) for row in db.execute(select(releases_table).order_by("created_at"))],
            "rollouts": [dict(row._mapping) for row in db.execute(select(rollouts).order_by("rollout_id"))],
        }


def _releases_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(
        "release", "state", "model", "data", "NDCG@10", "commit", "built", title="Releases", title_justify="left"
    )
    for row in rows:
        summary = row["summary"]
        ndcg = summary.get("ndcg_at_10")
        table.add_row(
            row["release_id"],
            f"[bold green]{row['state']}[/bold green]" if row["state"] == "live" else row["state"],
            str(row["variants"][0]["model_version"]),
            str(summary.get("data_version", "")),
            f"{ndcg:.4f}" if ndcg is not None else "",
            row["git_commit"][:8] + ("+" if row["git_dirty"] else ""),
            _time(row["created_at"]),
        )
    return table


def _rollouts_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(
        "#", "what", "release", "before", "by", "began", "took", "outcome", title="Rollouts", title_justify="left"
    )
    for row in rows:
        took = f"{row['finished_at'] - row['started_at']:.1f} s" if row["finished_at"] else "running"
        reason = (row["reason"] or "").splitlines()[:1]
        outcome = ": ".join([row["outcome"] or f"at: {row['step']}", *reason])
        table.add_row(
            str(row["rollout_id"]),
            row["kind"],
            row["release_id"] or "",
            row["from_release_id"] or "",
            row["started_by"],
            _time(row["started_at"]),
            took,
            outcome,
        )
    return table


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%m-%d %H:%M:%S")
