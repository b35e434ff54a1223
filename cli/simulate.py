"""`recops simulate`: users of the demo's future ask the gateway, click, and say what they did."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli.console import make_console
from cli.data_check import JsonObject
from cli.simulate_days import write_days

if TYPE_CHECKING:
    from components.adapters.slots.demo_faults import FaultKind
    from components.config.settings import Slot
    from components.simulation.people import SimulatedPerson
    from components.simulation.summary import Summary
    from components.simulation.traffic import TrafficCourse, Visit

DRIFTS = ("taste-shift", "new-users", "catalogue-change", "broken-feature", "bad-slot")
FAULTS = ("wrong-user", "errors", "slow")
SAID_EVERY = 10  # parts of a simulation after which a console that is no terminal gets a line


@click.command()
@click.option("--requests", type=click.IntRange(1, 1_000_000), help="500, or 60 an hour with --days.")
@click.option("--days", type=click.IntRange(2, 90), help="Write so many days of history at once; see docs.")
@click.option("--seed", type=click.IntRange(0), default=42, show_default=True, help="Who asks, and who clicks what.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Requests a second; without it, as many as go.")
@click.option(
    "--max-seconds", type=click.FloatRange(0, min_open=True), default=600.0, show_default=True, help="Then it ends."
)
@click.option("--at-once", type=click.IntRange(1, 256), default=8, show_default=True, help="People at the same time.")
@click.option("--k", type=click.IntRange(1, 100), default=10, show_default=True, help="Length of the lists.")
@click.option("--drift", type=click.Choice(DRIFTS), help="Something that should be noticed; see docs/simulation.md.")
@click.option("--slot", type=click.Choice(("blue", "green")), help="For bad-slot: which; the live one by default.")
@click.option("--fault", type=click.Choice(FAULTS), default="wrong-user", show_default=True, help="For bad-slot.")
@click.option("--feedback/--no-feedback", default=True, help="Whether people tell what they did.")
@click.option("--future", type=click.Path(path_type=Path), help="Interactions to come, in place of the demo's.")
@click.option(
    "--mapping", type=JsonObject(), default="{}", help='Of that file: {"userId": "user_id"}, as of an ingest.'
)
@click.option("--options", type=JsonObject(), default="{}", help="Of that file, beside those of the newest ingest.")
@click.option("--url", help="The gateway; that of the local stack by default.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def simulate(
    requests: int | None,
    days: int | None,
    seed: int,
    rate: float | None,
    max_seconds: float,
    at_once: int,
    k: int,
    drift: str | None,
    slot: Slot | None,
    fault: FaultKind,
    feedback: bool,
    future: Path | None,
    mapping: dict[str, str],
    options: dict[str, Any],
    url: str | None,
    as_json: bool,
) -> None:
    """Let people ask, look and click, as they really did later; then say how good and how fast the answers were."""
    from components.interactions.source import SourceError
    from components.simulation.people import NobodyToAsk
    from components.simulation.summary import summarise
    from components.simulation.traffic import TrafficCourse
    from jobs.simulation.people import make_people
    from jobs.simulation.run import NoBadSlotError, bad_slot
    from jobs.wiring.workbench import open_workbench

    course = TrafficCourse(requests or 500, seed, k, rate, max_seconds, at_once, feedback)
    with open_workbench() as bench:
        try:
            people = make_people(bench, future, drift, seed, mapping, options)
        except (SourceError, NobodyToAsk, ValueError) as error:
            raise click.ClickException(str(error)) from error
        if days is not None:
            write_days(bench, people, days, requests, seed, feedback, as_json)
            return
        gateway = url or bench.settings.gateway_url
        began = time.perf_counter()
        try:
            with bad_slot(bench, slot, fault, max_seconds) if drift == "bad-slot" else nullcontext():
                visits = watch(gateway, people, course, Console(stderr=True), bench.settings.shown_key)
        except NoBadSlotError as error:
            raise click.ClickException(str(error)) from error
    summary = summarise(visits, time.perf_counter() - began)
    if as_json:
        click.echo(json.dumps({**asdict(summary), "seed": seed, "drift": drift}, indent=2))
    else:
        print_summary(summary, seed, make_console())
    if not summary.answered:
        raise click.ClickException(f"{gateway} answered nothing; is the stack up? `recops status`")


def watch(
    gateway: str, people: tuple[SimulatedPerson, ...], course: TrafficCourse, console: Console, key: str | None = None
) -> list[Visit]:
    """The simulation with a progress bar on a terminal, and a line now and then elsewhere."""
    from components.simulation.traffic import HttpReply
    from jobs.simulation.run import run_against

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    counts = {"visits": 0, "clicks": 0, "failed": 0}
    with Progress(*columns, TextColumn("{task.fields[seen]}"), console=console) as bar:
        task = bar.add_task("people ask", total=course.requests, seen="")

        def advance(visit: Visit) -> None:
            counts["visits"] += 1
            counts["clicks"] += len(visit.clicked)
            counts["failed"] += not isinstance(visit.reply, HttpReply)
            bar.update(task, advance=1, seen=f"{counts['clicks']} clicks, {counts['failed']} failed")
            if not console.is_terminal and counts["visits"] % max(1, course.requests // SAID_EVERY) == 0:
                console.print(f"{counts['visits']} of {course.requests}: {bar.tasks[0].fields['seen']}")

        return run_against(gateway, people, course, advance, key)


def print_summary(summary: Summary, seed: int, console: Console) -> None:
    """The figures, for people."""
    table = Table(title=f"{summary.requests} requests of {summary.users} people", title_justify="left", box=None)
    table.add_column(justify="left", style="dim")
    table.add_column(justify="left")
    latency = ", ".join(f"{name} {value:g} ms" for name, value in summary.latency_ms.items())
    rows: dict[str, Any] = {
        "clicks": f"{summary.clicks}, CTR {_percent(summary.ctr)}, on {_percent(summary.requests_with_click)} of lists",
        "NDCG": "-" if summary.ndcg is None else f"{summary.ndcg:.4f}, against all that people like later",
        "latency": latency or "-",
        "pace": f"{summary.requests_per_second:.0f} answers a second, {summary.seconds:.1f} s in all",
        "from the cache": _percent(summary.cache_hit_rate),
        "degraded": _percent(summary.degraded),
        "cost": f"${summary.cost_usd:.4f}",
        "routes": _counts(summary.routes),
        "releases": _counts(summary.releases),
        "variants": _counts(summary.variants),
        "slots": _counts(summary.slots),
        "feedback": f"{summary.events_told} events accepted, lost: {_counts(summary.feedback_lost)}",
        "failures": _counts(summary.failures),
        "clicks digest": f"{summary.clicks_digest} (seed {seed})",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table, highlight=False)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
