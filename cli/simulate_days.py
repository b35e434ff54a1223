"""`recops simulate --days`: weeks of simulated history at once, so that there is something to judge and to see."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

if TYPE_CHECKING:
    from components.simulation.people import SimulatedPerson
    from jobs.wiring.workbench import Workbench

PER_HOUR = 60
"""Requests of an average hour, where it is not said how many there are to be."""


def write_days(
    bench: Workbench,
    people: tuple[SimulatedPerson, ...],
    days: int,
    requests: int | None,
    seed: int,
    feedback: bool,
    as_json: bool,
) -> None:
    """Write the history, report its days, and say so.

    Raises:
        click.ClickException: nothing is live, or its files are gone.
    """
    from jobs.errors import NothingThereError
    from jobs.monitoring.look_back import look_back
    from jobs.simulation.history import write_history

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    asked, now = requests or days * 24 * PER_HOUR, time.time()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        lived = bar.add_task("people ask", total=asked)
        try:
            written = write_history(
                bench, people, days, asked, seed, now, lambda _visit: bar.update(lived, advance=1), feedback
            )
        except NothingThereError as error:
            raise click.ClickException(str(error)) from error
        judged = bar.add_task("days are judged", total=max(days - 2, 1))
        began = time.perf_counter()
        reported = look_back(bench, written.start, written.end, lambda _day: bar.update(judged, advance=1))
    took = time.perf_counter() - began
    if as_json:
        click.echo(json.dumps({**asdict(written), "reported_days": reported, "reporting_seconds": took}, indent=2))
        return
    before = f", in place of {written.replaced} of an earlier history" if written.replaced else ""
    click.echo(
        f"{written.requests} requests over {days} days{before}: {written.clicks} clicks, {written.events} events told,"
        f" {written.requests / written.seconds:.0f} requests a second, {written.seconds:.0f} s\n"
        f"{reported} days judged and reported in {took:.0f} s; see http://{bench.settings.host}:"
        f"{bench.settings.evidently_port} and\n"
        "  prefect deployment run 'monitor/default' --param window_minutes=1440 --watch\n"
        "The rows are marked: they count for no answer, and for training only with ingest.simulated_feedback."
    )
