"""`recops simulate`: users of the demo's future ask the gateway, click, and say what they did."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli.console import make_console

if TYPE_CHECKING:
    import pandas as pd

    from components.config.settings import Settings
    from components.simulation.people import Person
    from components.simulation.summary import Summary
    from components.simulation.traffic import TrafficCourse, Visit

DRIFTS = ("taste-shift", "new-users", "catalogue-change", "broken-feature", "bad-slot")
FAULTS = ("wrong-user", "errors", "slow")
SAID_EVERY = 10  # parts of a simulation after which a console that is no terminal gets a line
SPARE_SECONDS = 30.0  # that a fault outlives the longest simulation, if nobody is left to clear it


@click.command()
@click.option("--requests", type=click.IntRange(1, 1_000_000), default=500, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=42, show_default=True, help="Who asks, and who clicks what.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Requests a second; without it, as many as go.")
@click.option("--max-seconds", type=click.FloatRange(0, min_open=True), default=600.0, show_default=True)
@click.option("--at-once", type=click.IntRange(1, 256), default=8, show_default=True, help="People at the same time.")
@click.option("--k", type=click.IntRange(1, 100), default=10, show_default=True, help="Length of the lists.")
@click.option("--drift", type=click.Choice(DRIFTS), help="Something that should be noticed; see docs/simulation.md.")
@click.option("--slot", type=click.Choice(("blue", "green")), help="For bad-slot: which; the live one by default.")
@click.option("--fault", type=click.Choice(FAULTS), default="wrong-user", show_default=True, help="For bad-slot.")
@click.option("--feedback/--no-feedback", default=True, help="Whether people tell what they did.")
@click.option("--future", type=click.Path(path_type=Path), help="Interactions to come, in place of the demo's.")
@click.option("--url", help="The gateway; that of the local stack by default.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def simulate(
    requests: int,
    seed: int,
    rate: float | None,
    max_seconds: float,
    at_once: int,
    k: int,
    drift: str | None,
    slot: str | None,
    fault: str,
    feedback: bool,
    future: Path | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Let people ask, look and click, as they really did later; then say how good and how fast the answers were."""
    from components.adapters.files.params_file import read_params
    from components.config.settings import load_settings
    from components.interactions.source import SourceError
    from components.simulation.people import NobodyToAsk
    from components.simulation.summary import summarise
    from components.simulation.traffic import TrafficCourse

    settings = load_settings()
    threshold = read_params(settings.project / "params.yaml").prepare.positive_threshold
    try:
        people = make_people(future, drift, threshold, seed)
    except (SourceError, NobodyToAsk, ValueError) as error:
        raise click.ClickException(str(error)) from error
    course = TrafficCourse(requests, seed, k, rate, max_seconds, at_once, feedback)
    gateway = url or settings.gateway_url
    began = time.perf_counter()
    if drift == "bad-slot":
        visits = _with_fault(settings, slot, fault, gateway, people, course)
    else:
        visits = run_against(gateway, people, course, Console(stderr=True))
    summary = summarise(visits, time.perf_counter() - began)
    if as_json:
        click.echo(json.dumps({**asdict(summary), "seed": seed, "drift": drift}, indent=2))
    else:
        print_summary(summary, seed, make_console())
    if not summary.answered:
        raise click.ClickException(f"{gateway} answered nothing; is the stack up? `recops status`")


def make_people(future: Path | None, drift: str | None, threshold: float, seed: int) -> tuple[Person, ...]:
    """The people of the demo's future, or of a file with interactions, changed by the drift.

    Raises:
        SourceError: the file cannot be read.
        NobodyToAsk: it holds nobody.
    """
    from components.simulation.drift import PEOPLE_DRIFTS, drifted
    from components.simulation.people import people_from_future

    interactions, labels = _read_future(future)
    people = people_from_future(interactions, threshold, seed)
    for kind in PEOPLE_DRIFTS:
        if kind == drift:
            return drifted(people, kind, seed, labels)
    return people


def run_against(gateway: str, people: tuple[Person, ...], course: TrafficCourse, console: Console) -> list[Visit]:
    """The simulation with a progress bar on a terminal, and a line now and then elsewhere."""
    from components.adapters.envoy.load_client import GatewayClient
    from components.simulation.traffic import HttpReply, run_traffic

    async def run() -> list[Visit]:
        async with GatewayClient(gateway) as client:
            return await run_traffic(client, people, course, time.perf_counter, on_visit=advance)

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

        return asyncio.run(run())


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


def _with_fault(
    settings: Settings, slot: str | None, fault: str, gateway: str, people: tuple[Person, ...], course: TrafficCourse
) -> list[Visit]:
    """The simulation while one slot answers badly."""
    from typing import cast

    from components.adapters.slots.demo_faults import CHECK_SECONDS, Fault, FaultKind, clear_fault, set_fault
    from components.rollout.routing import Slot
    from jobs.stack import release_store

    if not settings.demo:
        raise click.ClickException("bad-slot works in the demo only, and RECOPS_DEMO is false")
    chosen = cast("Slot | None", slot) or release_store(settings).routing().live_slot
    if chosen is None:
        raise click.ClickException("nothing is live yet; run `recops up`")
    set_fault(settings, chosen, Fault(cast("FaultKind", fault), time.time() + course.max_seconds + SPARE_SECONDS))
    try:
        time.sleep(2 * CHECK_SECONDS)
        return run_against(gateway, people, course, Console(stderr=True))
    finally:
        clear_fault(settings, chosen)


def _read_future(future: Path | None) -> tuple[pd.DataFrame, list[str]]:
    """Interactions to come, and the labels of items where there are some."""
    from components.interactions.columns import TAG_SEPARATOR, TAGS

    if future is None:
        from components.adapters.sources.movielens import MovieLensSource

        source = MovieLensSource()
        tags = source.read().items
        labels = set() if tags is None else {tag for row in tags[TAGS] for tag in row.split(TAG_SEPARATOR) if tag}
        return source.future(), sorted(labels)
    from components.adapters.sources.files import FileSource

    tables = FileSource(future.expanduser(), {}).read()
    items = tables.items
    known = items is not None and TAGS in items
    labels = {tag for row in items[TAGS].dropna() for tag in row.split(TAG_SEPARATOR) if tag} if known else set()
    return tables.interactions, sorted(labels)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
