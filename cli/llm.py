"""`recops llm`: starts, stops and shows the small local model, and tries every tier with one reranking."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from cli.console import make_console
from components.adapters.slots.supervisor import Supervisor, SupervisorError
from components.config.settings import Settings, SettingsError, load_settings
from jobs.stack import LOCAL_LLM, existing_store_url, supervisor

START_SECONDS = 60.0
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
def up() -> None:
    """Start the small local model behind the Messages API. It proves the path; it does not rank well."""
    from components.adapters.llm.local_server import LocalLlmError, find_weights
    from components.adapters.machine.ports_in_use import is_taken

    settings = load_settings()
    control = _running_stack(settings)
    try:
        find_weights()
        if control.state_of(LOCAL_LLM).state not in ("RUNNING", "STARTING"):
            if is_taken(settings.host, settings.llm_port):
                raise click.ClickException(
                    f"port {settings.llm_port} (local LLM) is taken; free it, or move ours: RECOPS_LLM_PORT=… "
                    "(before `recops up`, which hands it on)"
                )
            control.start_program(LOCAL_LLM)
        _await_health(settings, control)
    except (LocalLlmError, SupervisorError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"the local model answers at {settings.local_llm_url}/v1/messages\n")
    click.echo(HOW_TO_USE.format(gateway=settings.gateway_url))


@llm.command()
def down() -> None:
    """Stop the small local model. The service goes on with the rankings it has."""
    settings = load_settings()
    control = _running_stack(settings)
    was = control.state_of(LOCAL_LLM).state
    control.stop_program(LOCAL_LLM)
    click.echo("the local model is stopped" if was in ("RUNNING", "STARTING") else "the local model was not running")


@llm.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show the local model and the configured tiers. Exit code 1 when the local model does not answer."""
    settings = load_settings()
    found = _read_status(settings)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        local = found["local"]
        about = f"{local['state']}, {local['memory_mb']} MB" if local["pid"] else local["state"]
        click.echo(f"local model: {about}, {'answers' if local['answers'] else 'does not answer'} at {local['url']}")
        for tier in found["tiers"]:
            click.echo(f"tier {tier['name']}: {tier['model']}, {tier['share']:g} % of users, {tier['timeout_ms']} ms")
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

    from components.adapters.files.params_file import read_params
    from components.config.llm_presets import with_local_model
    from jobs.prompts.llm_check import LlmCheckError, check_tiers

    settings = load_settings()
    params = read_params(settings.project / "params.yaml").llm
    if local:
        params = with_local_model(params, settings.local_llm_url)
    try:
        rows = asyncio.run(check_tiers(settings, params, timeout, time.perf_counter))
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


def _running_stack(settings: Settings) -> Supervisor:
    existing_store_url(settings)
    control = supervisor(settings)
    if not control.is_running():
        raise click.ClickException("the stack is not running; start it with `make up`")
    return control


def _await_health(settings: Settings, control: Supervisor) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(settings):
        state = control.state_of(LOCAL_LLM).state
        if time.monotonic() > deadline or state in ("FATAL", "EXITED"):
            raise click.ClickException(f"the local model does not answer; see `recops logs {LOCAL_LLM}`")
        time.sleep(0.1)


def _answers(settings: Settings) -> bool:
    import httpx

    try:
        return httpx.get(f"{settings.local_llm_url}/health", timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False


def _read_status(settings: Settings) -> dict[str, Any]:
    from components.adapters.files.params_file import read_params
    from monitoring.stack_status import usage_of

    control = supervisor(settings)
    state = control.state_of(LOCAL_LLM) if control.is_running() else None
    pid = state.pid if state else 0
    local = {
        "state": state.state if state else "the stack is not running",
        "pid": pid,
        "memory_mb": round(usage_of(pid).memory / 2**20) if pid else 0,
        "url": settings.local_llm_url,
        "answers": _answers(settings),
    }
    tiers = read_params(settings.project / "params.yaml").llm.tiers
    return {"local": local, "tiers": [tier.model_dump(mode="json") for tier in tiers]}
