"""`recops prompts`: the versions of the reranking prompt, what sets them apart, and what their evaluations said."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.table import Table

from cli.answer import json_option, say
from cli.console import make_console
from cli.operator import as_operator
from jobs.errors import NothingThereError
from jobs.wiring.workbench import Workbench, open_workbench


@click.group()
def prompts() -> None:
    """List, compare, register and show versions of the reranking prompt."""


@prompts.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_prompts(as_json: bool) -> None:
    """All versions with their aliases, and the last evaluation of each."""
    from jobs.prompts.versions import list_prompts as read_prompts

    with _registry() as bench:
        rows = read_prompts(bench)
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
    from jobs.prompts.versions import show_prompt

    with _registry() as bench:
        row = show_prompt(bench, version)
    if as_json:
        click.echo(json.dumps(row, indent=2))
        return
    click.echo(row["text"])
    for one in row["evaluations"]:
        click.echo(f"\n{one['evaluation_id']}: {one['decision'] or 'running'} against version {one['champion']}")
        for reason in one["reasons"]:
            click.echo(f"- {reason}")


@prompts.command()
@click.argument("old", type=int)
@click.argument("new", type=int)
@json_option
def diff(old: int, new: int, as_json: bool) -> None:
    """What version NEW changes in version OLD."""
    from jobs.prompts.versions import find_prompt

    with _registry() as bench:
        before, after = (find_prompt(bench, number).text.splitlines(keepends=True) for number in (old, new))
    changed = difflib.unified_diff(before, after, f"version {old}", f"version {new}")
    if as_json:
        say(True, {"old": old, "new": new, "lines": [line.rstrip("\n") for line in changed]})
        return
    for line in changed:
        colour = {"+": "green", "-": "red"}.get(line[0])
        click.secho(line.rstrip("\n"), fg=colour)


@prompts.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--message", default="registered by hand", show_default=True, help="What has changed.")
@click.option("--challenger", is_flag=True, help="Let the next release use it, without a shadow evaluation.")
@json_option
def register(file: Path | None, message: str, challenger: bool, as_json: bool) -> None:
    """Register the text of FILE, by default the project's own, as a version; a text that is there already stays."""
    from components.reranking.prompt import PROMPT, PromptError
    from jobs.prompts.versions import register_prompt

    with _registry() as bench:
        as_operator(bench, "prompts register", file=str(file or PROMPT), challenger=challenger)
        try:
            path, version = register_prompt(bench, file, message, challenger)
        except PromptError as error:
            raise click.ClickException(f"{file or PROMPT}: {error}") from error
    judge = f"prefect deployment run evaluate-prompt/default --param challenger={version} --watch"
    say(
        as_json,
        {"file": str(path), "version": version, "challenger": challenger},
        f"{path} is version {version} of {PROMPT}" + (", and the challenger" if challenger else ""),
        f"judge it before users see it: {judge}",
    )


@contextmanager
def _registry() -> Iterator[Workbench]:
    """A workbench whose prompt registry may not answer."""
    from components.adapters.mlflow.registry import ModelRegistryError

    try:
        with open_workbench() as bench:
            yield bench
    except ModelRegistryError as error:
        raise click.ClickException(f"{error}; is the stack running? `recops up` starts it") from error
    except NothingThereError as error:
        raise click.ClickException(str(error)) from error
