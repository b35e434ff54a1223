"""`recops llm`: starts, stops and shows the small local model, and tries every tier with one reranking."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from cli.answer import json_option, say
from cli.console import make_console
from jobs.errors import StackDownError
from jobs.wiring.workbench import open_workbench

HOW_TO_USE = """\
To have the service ask it, promote with it:
  prefect deployment run promote/default --param local_llm=true --watch
then ask for a new user, and wait for it:
  curl -s {gateway}/recommend -H 'content-type: application/json' -d \\
    '{{"user_id": "new", "timeout_ms": 60000, "profile": {{"text": "loves animated musicals"}}}}'
A promotion without local_llm goes back to the tiers of params.yaml."""


@click.group()
def llm() -> None:
    """Start, stop and show the small local model; try every tier with one reranking."""


@llm.command()
@json_option
def up(as_json: bool) -> None:
    """Start the small local model behind the Messages API. It proves the path; it does not rank well."""
    from components.adapters.llm.local_server import LocalLlmError
    from components.adapters.slots.supervisor import SupervisorError
    from jobs.stack.local_model import start_local_model

    with open_workbench() as bench:
        settings = bench.settings
        try:
            start_local_model(bench)
        except (LocalLlmError, StackDownError, SupervisorError) as error:
            raise click.ClickException(str(error)) from error
    url = f"{settings.local_llm_url}/v1/messages"
    how = HOW_TO_USE.format(gateway=settings.gateway_url)
    say(as_json, {"url": url}, f"the local model answers at {url}\n", how)


@llm.command()
@json_option
def down(as_json: bool) -> None:
    """Stop the small local model. The service goes on with the rankings it has."""
    from jobs.stack.local_model import stop_local_model

    with open_workbench() as bench:
        try:
            ran = stop_local_model(bench)
        except StackDownError as error:
            raise click.ClickException(str(error)) from error
    say(as_json, {"stopped": ran}, "the local model is stopped" if ran else "the local model was not running")


@llm.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show the local model and the configured tiers. Exit code 1 when the local model does not answer."""
    from jobs.stack.local_model import read_models

    with open_workbench() as bench:
        found = read_models(bench)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        local = found["local"]
        about = f"{local['state']}, {local['memory_mb']} MB" if local["pid"] else local["state"]
        click.echo(f"local model: {about}, {'answers' if local['answers'] else 'does not answer'} at {local['url']}")
        for tier in found["tiers"]:
            click.echo(f"tier {tier['name']}: {tier['model']}, {tier['share']:g} % of users, {tier['timeout_ms']} ms")
        click.echo(f"prices of {found['priced_on'] or 'an unknown day'} (llm.prices in params.yaml)")
    if not found["local"]["answers"]:
        raise click.exceptions.Exit(1)


@llm.command()
@click.option("--local", is_flag=True, help="Try the local model in place of the configured tiers.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=60.0, show_default=True, help="Seconds for each.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(local: bool, timeout: float, as_json: bool) -> None:
    """Ask each configured tier for one reranking: order, tokens, cost, latency. It costs what it shows.

    Exit code 1 when a tier gave no usable order.
    """
    import asyncio

    from components.config.settings import SettingsError
    from jobs.prompts.llm_check import LlmCheckError, check_tiers

    try:
        with open_workbench() as bench:
            rows = asyncio.run(check_tiers(bench, local, timeout, time.perf_counter))
    except (LlmCheckError, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        _print(rows)
    if any(row["outcome"] != "ok" for row in rows):
        raise click.exceptions.Exit(1)


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("tier", "model", "outcome", "order", "tokens in", "tokens out", "cost", "latency", box=None)
    for row in rows:
        order = " ".join(str(place) for place in row["order"]) or row["detail"]
        tokens = (f"{row['input_tokens']:,}", f"{row['output_tokens']:,}")
        table.add_row(
            *(row["tier"], row["model"], row["outcome"], order, *tokens),
            f"${row['cost_usd']:.6f}",
            f"{row['latency_ms']:,.0f} ms",
        )
    console = make_console()
    console.print(table)
    for row in rows:
        if row["first"]:
            console.print(f"{row['tier']} puts first: {'; '.join(row['first'])}", highlight=False, markup=False)
