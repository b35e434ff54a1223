"""`recops experiments`: what was declared and started, what it needs, and what a policy would have earned."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from cli.answer import json_option
from cli.console import make_console
from jobs.wiring.workbench import open_workbench

if TYPE_CHECKING:
    from components.experiments.counterfactual import Estimate, TooLittleSupport


@click.group()
def experiments() -> None:
    """Experiments are started, changed and ended by promotions, and read every day by read-experiment/default."""


@experiments.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_experiments(as_json: bool) -> None:
    """Every experiment, with its state and whether the live release serves it."""
    from jobs.experiments.listing import list_experiments

    with open_workbench() as bench:
        rows = list_experiments(bench)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table(
        "experiment", "state", "served", "variants", "primary", "test", "planned", "users", "started", "ended"
    )
    for row in rows:
        table.add_row(
            row["name"],
            row["state"],
            "yes" if row["served"] else "",
            _variants(row),
            row["primary"],
            row["test"],
            f"{_users(row)}, {row['planned_days']} days",
            ", ".join(f"{name} {users}" for name, users in row["users"].items()) or "none",
            row["started_at"] or "",
            row["ended_at"] or "",
        )
    make_console().print(table)


@experiments.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:  # noqa: ARG001 - it is JSON in any case
    """One experiment as JSON: declaration, plan, state, and users by variant."""
    from jobs.experiments.listing import show_experiment

    with open_workbench() as bench:
        shown = show_experiment(bench, name)
    if shown is None:
        raise click.ClickException(f"there is no experiment {name!r}; `recops experiments list` shows them")
    click.echo(json.dumps(shown, indent=2))


@experiments.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(file: Path, as_json: bool) -> None:
    """How many users and days the experiment in FILE needs. Starts nothing."""
    from components.experiments.declaration import DeclarationError
    from jobs.experiments.plan import plan_file

    try:
        with open_workbench() as bench:
            found = plan_file(bench, file)
    except DeclarationError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({**asdict(found.plan), "baseline": found.baseline.model_dump(), "from": found.source}))
        return
    console = make_console()
    declaration = found.declaration
    effect, base = declaration.minimum_effect, found.baseline
    size = f"{effect.size:.1%}" if effect.kind == "relative" else f"{effect.size:g}"
    in_each = f"in each of {len(declaration.variants)} variants"
    where = "with lists of both variants" if declaration.design == "interleaved" else in_each
    console.print(
        f"{declaration.name}: {found.plan.users_per_variant:,} users {where}, "
        f"{found.plan.days} days, to find {size} on {declaration.primary} at p < {declaration.level:g} with "
        f"{declaration.power:.0%} power ({declaration.test} test)",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        f"baseline from {found.source}: mean {base.mean:.4g}, standard deviation over users {base.std:.4g}, "
        f"{base.users_per_day:.0f} users a day",
        highlight=False,
        soft_wrap=True,
    )
    for warning in found.plan.warnings:
        console.print(f"[yellow]{warning}[/yellow]", highlight=False, soft_wrap=True)


@experiments.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def read(name: str | None, as_json: bool) -> None:
    """What experiment NAME has shown so far, by default the one that runs, or else the latest.

    The reading that read-experiment/default makes every day, but for the run in MLflow; its page is kept beside those.
    """
    from components.adapters.store.experiments.declared import ExperimentError
    from jobs.experiments.read import find_experiment, read_stored, tell, write_page
    from monitoring.reading_page import shown_interval

    with open_workbench() as bench:
        try:
            experiment = find_experiment(bench.store.experiments, name)
        except ExperimentError as error:
            raise click.ClickException(str(error)) from error
        reading = read_stored(bench, experiment, time.time())
        page = write_page(bench.settings.root / "readings", reading)
    if as_json:
        click.echo(json.dumps(asdict(reading.view), indent=2))
        return
    console = make_console()
    console.print(tell(reading.view), highlight=False, soft_wrap=True)
    table = Table("", "metric", "variant", "difference", "p", "")
    for line in reading.view.lines:
        title = f"{line.title}, {line.segment} users" if line.segment else line.title
        table.add_row(line.role, title, line.variant, shown_interval(line), f"{line.p_value:.2g}", line.verdict)
    if reading.view.lines:
        console.print(table)
    for warning in reading.view.warnings:
        console.print(f"[yellow]{warning}[/yellow]", highlight=False, soft_wrap=True)
    console.print(f"the page: {page}", highlight=False, soft_wrap=True)


@experiments.command()
@click.option("--strength", type=click.FloatRange(0, 1), help="routing.diversity.strength of the other policy.")
@click.option("--max-per-category", type=click.IntRange(1), help="routing.diversity.max_per_category of it.")
@click.option(
    "--days", type=click.FloatRange(0, min_open=True), default=28.0, show_default=True, help="How far back is read."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def counterfactual(strength: float | None, max_per_category: int | None, days: float, as_json: bool) -> None:
    """What another policy of variety would have earned, from the positions that the live release left to chance.

    Refused where the log is worth too few users, or its propensities do not fit the policy.
    """
    from components.config.routing import Diversity
    from jobs.experiments.counterfactual import judge_policy

    if strength is None and max_per_category is None:
        raise click.UsageError("say what the other policy is: --strength, --max-per-category or both")
    policy = Diversity(strength=strength or 0.0, max_per_category=max_per_category)
    with open_workbench() as bench:
        found = judge_policy(bench, policy, days, time.time())
    if as_json:
        click.echo(json.dumps({"policy": policy.model_dump(), **asdict(found)}, indent=2))
        return
    console = make_console()
    console.print(
        f"{found.lists} lists of {found.users} users with an open position; chance put another item into "
        f"{found.explored}, and the other policy would have shown another one in {found.changed}",
        highlight=False,
    )
    table = Table("policy", "clicks per open position", "95 % interval", "effective users")
    table.add_row("live, without chance", *_estimate(found.live))
    table.add_row(f"strength {policy.strength:g}, {policy.max_per_category or 'no'} cap", *_estimate(found.other))
    console.print(table)


def _variants(row: dict[str, Any]) -> str:
    """Each with its share of new users, or both in each list."""
    if row["design"] == "interleaved":
        return f"{' and '.join(row['variants'])} in each list"
    return ", ".join(f"{name} {share:.0%}" for name, share in zip(row["variants"], row["shares_now"], strict=True))


def _users(row: dict[str, Any]) -> str:
    """Planned ones, of each variant or of both."""
    users = f"{row['planned_users']:,}"
    return users if row["design"] == "interleaved" else f"{users} × {len(row['variants'])}"


def _estimate(found: Estimate | TooLittleSupport) -> tuple[str, str, str]:
    from components.experiments.counterfactual import Estimate

    users = f"{found.support.effective_users:.0f}"
    if isinstance(found, Estimate):
        return f"{found.value:.4f}", f"{found.low:.4f} to {found.high:.4f}", users
    return "refused", found.reason, users
