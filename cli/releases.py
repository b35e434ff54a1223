"""`recops releases`: what was promoted and rolled back, by whom, and how it ended; one in full; retention."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.table import Table

from cli.answer import json_option, say, teller
from cli.console import make_console
from cli.operator import as_operator
from components.adapters.store.releases.history import read_history
from components.rollout.history import shown_time
from components.rollout.ledger import UnknownRelease
from components.rollout.story import figures_of, live_periods, tell_rollout
from jobs.promotion.history import describe_release
from jobs.wiring.workbench import open_workbench

Row = dict[str, Any]


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.pass_context
def releases(context: click.Context, as_json: bool) -> None:
    """Show what was promoted and rolled back: a table of releases, and the story of what was done."""
    if context.invoked_subcommand is not None:
        return
    with open_workbench() as bench:
        history = read_history(bench.store.engine)
    if as_json:
        click.echo(json.dumps(history, indent=2))
        return
    console = make_console()
    console.print(_releases_table(history["releases"]))
    console.print(_rollouts_table(history["rollouts"]))


@releases.command()
@click.argument("release_id")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def show(release_id: str, as_json: bool) -> None:
    """Show one release: what it is made of, what came before it, its gates, canary and times."""
    try:
        with open_workbench() as bench:
            found = describe_release(bench, release_id)
    except UnknownRelease as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    console = make_console()
    for table in (_facts(found), _states(found["states"]), *(_rollout(row) for row in found["rollouts"])):
        console.print(table)


@releases.command()
@click.option(
    "--keep", type=click.IntRange(min=2), help="How many that have been live; by default as params.yaml says."
)
@click.option("--models/--no-models", default=True, show_default=True, help="Whether MLflow's bytes go as well.")
@json_option
def prune(keep: int | None, models: bool, as_json: bool) -> None:
    """Remove the Bentos and models of releases that nobody can go back to; each promotion does so too."""
    from components.adapters.mlflow.registry import ModelRegistryError
    from jobs.promotion.retention import prune as prune_releases

    try:
        with open_workbench() as bench:
            as_operator(bench, "releases prune", keep=keep, models=models)
            pruned = prune_releases(bench, keep or bench.params.promotion.keep_releases, models, teller(as_json))
    except (ModelRegistryError, OSError) as error:
        raise click.ClickException(str(error)) from error
    nothing = not pruned.releases and not pruned.models
    say(as_json, {"releases": pruned.releases, "models": pruned.models}, *(["nothing to remove"] if nothing else []))


def _releases_table(rows: list[Row]) -> Table:
    table = Table(
        "release", "state", "model", "data", "NDCG@10", "commit", "built", title="Releases", title_justify="left"
    )
    for row in rows:
        summary = row["summary"]
        ndcg = summary.get("ndcg_at_10")
        table.add_row(
            row["release_id"],
            f"[bold green]{row['state']}[/bold green]" if row["state"] == "live" else row["state"],
            ", ".join(str(version) for version in sorted({each["model_version"] for each in row["variants"]})),
            str(summary.get("data_version", "")),
            f"{ndcg:.4f}" if ndcg is not None else "",
            _commit(row),
            shown_time(row["created_at"]),
        )
    return table


def _rollouts_table(rows: list[Row]) -> Table:
    table = Table("#", "began", "took", "by", "what", title="What was done", title_justify="left")
    for row in rows:
        table.add_row(
            str(row["rollout_id"]), shown_time(row["started_at"]), _took(row), row["started_by"], tell_rollout(row)
        )
    return table


def _facts(row: Row) -> Table:
    table = Table(show_header=False, title=row["release_id"], title_justify="left")
    facts = {
        "state": row["state"],
        "live": "; ".join(live_periods(row["states"])) or "never",
        "before it": row["parent_id"] or "nothing",
        "built": f"{shown_time(row['created_at'])} by {row['created_by']}",
        "Bento": row["bento_tag"] + ("" if row["bento_there"] else " (not in the store any more)"),
        "commit": _commit(row),
        "parameters": row["params_digest"],
        "lock": row["lock_hash"],
        **{str(name).replace("_", " "): str(value) for name, value in row["summary"].items()},
    }
    for variant in row["variants"]:
        prompt = f", prompt {variant['prompt_version']}" if variant.get("prompt_version") else ""
        facts[f"variant {variant['name']}"] = f"model {variant['model_version']}{prompt}"
    for name, value in facts.items():
        table.add_row(name, str(value))
    return table


def _states(rows: list[Row]) -> Table:
    table = Table("state", "at", "by", "why", title="States", title_justify="left")
    for row in rows:
        table.add_row(row["state"], shown_time(row["at"]), row["by"], row["reason"] or "")
    return table


def _rollout(row: Row) -> Table:
    title = f"#{row['rollout_id']} {shown_time(row['started_at'])} by {row['started_by']}, {_took(row)}"
    table = Table("step", "found", title=f"{title}\n{tell_rollout(row)}", title_justify="left")
    for step, found in figures_of(row["checks"]):
        table.add_row(step, found)
    return table


def _commit(row: Row) -> str:
    return str(row["git_commit"][:8] + ("+" if row["git_dirty"] else ""))


def _took(row: Row) -> str:
    return f"{row['finished_at'] - row['started_at']:.1f} s" if row["finished_at"] else "running"
