"""`recops prompts`: the versions of the reranking prompt, what sets them apart, and what their evaluations said."""

from __future__ import annotations

import difflib
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli.console import make_console
from components.adapters.store.engine import open_engine
from components.adapters.store.llm.evaluations import EvaluationStore, StoredEvaluation
from components.config.settings import load_settings
from jobs.stack import existing_store_url


@click.group()
def prompts() -> None:
    """List, compare, register and show versions of the reranking prompt."""


@prompts.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_prompts(as_json: bool) -> None:
    """All versions with their aliases, and the last evaluation of each."""
    rows = [_row(one, _evaluations(one.version)) for one in _registry().described()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table(
        "version", "aliases", "registered", "message", "last evaluation", title="Prompts", title_justify="left"
    )
    for row in rows:
        last = row["evaluations"][-1] if row["evaluations"] else None
        said = "" if last is None else f"{last['decision'] or 'running'} against {last['champion']}"
        at = datetime.fromtimestamp(row["created_at"], UTC).strftime("%m-%d %H:%M")
        table.add_row(str(row["version"]), ", ".join(row["aliases"]), at, row["message"], said)
    make_console().print(table)


@prompts.command()
@click.argument("version", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def show(version: int, as_json: bool) -> None:
    """The text of a version, and its evaluations with their reasons."""
    found = _version(version)
    row = _row(found, _evaluations(version))
    if as_json:
        click.echo(json.dumps({**row, "text": found.text}, indent=2))
        return
    click.echo(found.text)
    for one in row["evaluations"]:
        click.echo(f"\n{one['evaluation_id']}: {one['decision'] or 'running'} against version {one['champion']}")
        for reason in one["reasons"]:
            click.echo(f"- {reason}")


@prompts.command()
@click.argument("old", type=int)
@click.argument("new", type=int)
def diff(old: int, new: int) -> None:
    """What version NEW changes in version OLD."""
    before, after = (_version(number).text.splitlines(keepends=True) for number in (old, new))
    lines = difflib.unified_diff(before, after, f"version {old}", f"version {new}")
    for line in lines:
        colour = {"+": "green", "-": "red"}.get(line[0])
        click.secho(line.rstrip("\n"), fg=colour)


@prompts.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--message", default="registered by hand", show_default=True, help="What has changed.")
@click.option("--challenger", is_flag=True, help="Let the next release use it, without a shadow evaluation.")
def register(file: Path | None, message: str, challenger: bool) -> None:
    """Register the text of FILE, by default the project's own, as a version; a text that is there already stays."""
    from components.adapters.mlflow.registry import CHALLENGER, ModelRegistryError
    from components.reranking.prompt import PROMPT, PromptError

    path = file or load_settings().project / "prompts" / f"{PROMPT}.md"
    registry = _registry()
    try:
        version = registry.register(path.read_text(), message)
        if challenger:
            registry.set_alias(CHALLENGER, version.version)
    except (PromptError, ModelRegistryError) as error:
        raise click.ClickException(f"{path}: {error}") from error
    click.echo(f"{path} is version {version.version} of {PROMPT}" + (", and the challenger" if challenger else ""))
    judge = f"prefect deployment run evaluate-prompt/default --param challenger={version.version} --watch"
    click.echo(f"judge it before users see it: {judge}")


def _registry() -> Any:
    from components.adapters.mlflow.prompts import PromptRegistry
    from components.adapters.mlflow.registry import ModelRegistryError

    registry = PromptRegistry(load_settings().mlflow_url)
    try:
        registry.versions()
    except ModelRegistryError as error:
        raise click.ClickException(f"{error}; is the stack running? `recops up` starts it") from error
    return registry


def _version(number: int) -> Any:
    found = next((one for one in _registry().described() if one.version == number), None)
    if found is None:
        raise click.ClickException(f"there is no version {number}; see `recops prompts list`")
    return found


def _evaluations(version: int) -> list[StoredEvaluation]:
    engine = open_engine(existing_store_url(load_settings()))
    try:
        return EvaluationStore(engine, time.time).of_challenger(version)
    finally:
        engine.dispose()


def _row(found: Any, evaluations: list[StoredEvaluation]) -> dict[str, Any]:
    return {
        "version": found.version,
        "aliases": list(found.aliases),
        "message": found.message,
        "created_at": found.created_at,
        "evaluations": [
            {
                "evaluation_id": one.evaluation_id,
                "champion": one.spec.champion,
                "mode": one.spec.mode,
                "state": one.state,
                "decision": one.decision,
                "reasons": (one.reasons or {}).get("reasons", []),
            }
            for one in evaluations
        ],
    }
