"""`recops data`: check a source; list, show, get and use data versions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli.answer import json_option, say
from cli.console import make_console
from cli.data_check import check
from components.adapters.dvc.data_registry import DataRegistryError
from components.adapters.files.params_file import ParamsError
from jobs.data.versions import describe_version, use_version
from jobs.wiring.workbench import open_workbench


@click.group()
def data() -> None:
    """Check a source; list, show, get and use data versions."""


data.add_command(check)


@contextmanager
def _as_one_line() -> Iterator[None]:
    try:
        yield
    except (DataRegistryError, ParamsError) as error:
        raise click.ClickException(str(error)) from error


def _mendable(command: Callable[..., None]) -> Callable[..., None]:
    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        with _as_one_line():
            command(*args, **kwargs)

    return run


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_mendable
def list_versions(as_json: bool) -> None:
    """List all versions, oldest first."""
    with open_workbench() as bench:
        versions = bench.data.versions()
    if as_json:
        click.echo(json.dumps([describe_version(version) for version in versions], indent=2))
        return
    if not versions:
        click.echo("There is no data version yet. `recops up` makes the first, or run the deployment ingest/default.")
        return
    table = Table("version", "made", "source", "until", box=None)
    for name in ("interactions", "items", "users", "quarantined"):
        table.add_column(name, justify="right")
    table.add_column("newest interaction")
    for version in versions:
        manifest = version.manifest
        numbers = (manifest.interactions, manifest.items, manifest.users, manifest.quarantined)
        table.add_row(
            version.tag,
            f"{version.created:%Y-%m-%d %H:%M}",
            manifest.source,
            manifest.until or "all",
            *(f"{number:,}" for number in numbers),
            f"{manifest.last:%Y-%m-%d}",
        )
    make_console().print(table)


@data.command()
@click.argument("tag")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_mendable
def show(tag: str, as_json: bool) -> None:
    """Show what the version TAG holds, where it came from, and why rows were left out."""
    with open_workbench() as bench:
        version = bench.data.find(tag)
    if as_json:
        click.echo(json.dumps(describe_version(version), indent=2))
        return
    described = describe_version(version)
    quarantine, files = described.pop("quarantine"), described.pop("files")
    table = Table(box=None, show_header=False)
    for name, value in described.items():
        table.add_row(name, "all" if name == "until" and value is None else str(value))
    for bad_table, reasons in quarantine.items():
        for reason, count in reasons.items():
            table.add_row("bad row", f"{count} × {reason} in {bad_table}")
    for name, digest in files.items():
        table.add_row(name, f"sha256 {digest}")
    make_console().print(table)


@data.command()
@click.argument("tag")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_mendable
def get(tag: str, folder: Path, as_json: bool) -> None:
    """Write the files of the version TAG, byte for byte, into FOLDER."""
    with open_workbench() as bench:
        version = bench.data.get(tag, folder)
    if as_json:
        click.echo(json.dumps(describe_version(version), indent=2))
    else:
        click.echo(f"{tag} is in {folder}: {', '.join(version.manifest.files)}")


@data.command()
@click.argument("tag")
@json_option
@_mendable
def use(tag: str, as_json: bool) -> None:
    """Name the version TAG in params.yaml, for a `dvc repro` by hand in the checkout."""
    with open_workbench() as bench:
        path = use_version(bench, tag)
    line = f"data.version in {path} is {tag}; `dvc repro` trains on it"
    say(as_json, {"version": tag, "file": str(path)}, line)
