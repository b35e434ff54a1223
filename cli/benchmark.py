"""`recops benchmark`: every recommender, the blend and the whole pipeline on any data set, in one table."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from cli.data_check import JsonObject
from jobs.wiring.workbench import open_workbench

PROTOCOLS = (
    "per-user-temporal",
    "global-temporal",
    "random",
    "leave-one-out",
    "leave-one-out-refit",
    "global-timeline",
    "given",
    "microsoft-ml100k",
)
SHOWN = (
    ("NDCG", "ndcg_at_{k}"),
    ("recall", "recall_at_{k}"),
    ("hit rate", "hit_rate_at_{k}"),
    ("MAP", "map_at_{k}"),
    ("warm NDCG", "warm_ndcg_at_{k}"),
    ("cold NDCG", "cold_ndcg_at_{k}"),
    ("coverage", "coverage"),
    ("novelty", "novelty"),
    ("diversity", "diversity"),
    ("train s", "train_seconds"),
    ("answer ms", "answer_ms"),
    ("peak MB", "peak_memory_mb"),
)


@click.command()
@click.option(
    "--interactions",
    required=True,
    help="A table of any usual format, or a folder, zip or address as an ingest takes it.",
)
@click.option(
    "--items", type=click.Path(path_type=Path), help="Titles, categories, tags, where --interactions is one table."
)
@click.option(
    "--item-vectors", type=click.Path(path_type=Path), help="Parquet of item_id and vector: embeddings of items."
)
@click.option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    default="per-user-temporal",
    show_default=True,
    help="What is trained on, and what is asked for.",
)
@click.option("--k", type=click.IntRange(1, 100), default=10, show_default=True, help="Length of the lists.")
@click.option(
    "--positive-threshold",
    type=float,
    help="Values from here on are relevant; prepare.positive_threshold (4) when left out, and all of them with "
    "leave-one-out, given and microsoft-ml100k. With it any range of values is taken, without it that of params.yaml.",
)
@click.option("--user-column", help="Name of the column, where it is not found by itself.")
@click.option("--item-column", help="As --user-column.")
@click.option("--value-column", help="As --user-column.")
@click.option("--timestamp-column", help="As --user-column.")
@click.option("--mapping", type=JsonObject(), default="{}", help='As of an ingest: {"userId": "user_id"}.')
@click.option("--options", type=JsonObject(), default="{}", help='As of an ingest: {"day_first": true}.')
@click.option("--repeats", is_flag=True, help="People come back to items: look for those again too.")
@click.option(
    "--budget",
    type=click.FloatRange(min=0),
    default=120.0,
    show_default=True,
    help="Seconds for all of it; 0 tries no settings and takes what the first ones take.",
)
@click.option(
    "--memory",
    type=click.FloatRange(min=100),
    default=4_000.0,
    show_default=True,
    help="MB that all processes may hold together; a model that needs more is left out, and a note says so.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the JSON here after every row.")
@click.option("--llm", "with_llm", is_flag=True, help="What a language model adds: CF, LLM only, hybrid.")
@click.option("--llm-budget", type=click.FloatRange(min=0), help="With --llm: the most it may cost, in dollars.")
@click.option("--llm-users", type=click.IntRange(min=2), default=100, show_default=True, help="Half of them cold.")
@click.option("--llm-timeout", type=click.FloatRange(min=0.05), default=60.0, show_default=True, help="Seconds a call.")
@click.option("--llm-local", is_flag=True, help="Ask the small local model (`recops llm up`) in place of the tiers.")
@click.option("--seed", type=int, default=42, show_default=True, help="Of splits, training and intervals.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def benchmark(
    interactions: str,
    items: Path | None,
    item_vectors: Path | None,
    protocol: str,
    k: int,
    positive_threshold: float | None,
    user_column: str | None,
    item_column: str | None,
    value_column: str | None,
    timestamp_column: str | None,
    mapping: dict[str, str],
    options: dict[str, Any],
    repeats: bool,
    budget: float,
    memory: float,
    out: Path | None,
    with_llm: bool,
    llm_budget: float | None,
    llm_users: int,
    llm_timeout: float,
    llm_local: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Compare every recommender on a data set. Settings are chosen on a cut inside the training part.

    leave-one-out asks for each user's last interaction; the one before chooses settings and is known when the user is
    asked about, and nobody learns from either (with -refit from the one before). global-timeline learns up to one
    moment and asks for the last interaction of whoever came after it. given takes train.* and test.* (valid.*) of a
    folder. microsoft-ml100k is the protocol of Microsoft Recommenders' comparison: 75/25 by item, every rating
    relevant. A per-user split leaves later interactions of other users in the training part; a global one does not.

    The files are read as an ingest reads them, with the section ingest of params.yaml and --options over it, and
    --mapping names columns.

    With --llm a sample of warm and cold users is reranked by the tiers of params.yaml, within --llm-budget dollars.
    """
    from components.adapters.sources.dataset_files import DatasetError, read_dataset, read_item_vectors
    from components.interactions.source import SourceError
    from components.metrics.evaluate import EvaluationError
    from components.recommenders.protocol import RecommenderError
    from components.splitting.temporal import SplitError
    from jobs.benchmarking.compare import Comparison, ask_llm, compare_recommenders
    from jobs.data.ingest import with_options

    began = time.perf_counter()
    names = {"user_id": user_column, "item_id": item_column, "value": value_column, "timestamp": timestamp_column}
    try:
        vectors = None if item_vectors is None else read_item_vectors(item_vectors)
        with open_workbench() as bench:
            config = with_options(bench.params.ingest, _ranged(options, positive_threshold))
            usual = bench.params.prepare.positive_threshold
        mapping = {**mapping, **{theirs: ours for ours, theirs in names.items() if theirs}}
        dataset = read_dataset(interactions, items, mapping, config)
        vectors = dataset.item_vectors if vectors is None else vectors
        asked = Comparison(dataset, protocol, k, positive_threshold, seed, repeats, usual, memory)
        if with_llm:
            if llm_budget is None:
                llm_budget = click.prompt("The most that this may cost, in dollars", type=click.FloatRange(min=0))
            with open_workbench() as bench:
                found = ask_llm(bench, asked, llm_users, llm_budget, llm_timeout, llm_local)
        else:
            found = compare_recommenders(asked, vectors, budget, began, lambda so_far: _note(so_far, k, out))
    except (DatasetError, SourceError, SplitError, RecommenderError, EvaluationError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    if out is not None:
        _write(out, found)
    if with_llm and not as_json:
        _print_llm(found, Console())
    elif as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _print(found, k, Console())


def _note(so_far: dict[str, Any], k: int, out: Path | None) -> None:
    """What is there after a row: said at once, and kept where the run may die."""
    row = so_far["rows"][-1]
    name = f"ndcg_at_{k}"
    level = f"{row[name]:.4f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"
    cost = f"{row['train_seconds']:.1f} s, {row['peak_memory_mb']:,.0f} MB"
    click.echo(f"{row['model']}: NDCG@{k} {level}, {cost}", err=True)
    if out is not None:
        _write(out, so_far)


def _write(out: Path, found: dict[str, Any]) -> None:
    beside = out.with_name(f"{out.name}.part")
    beside.write_text(json.dumps(found, indent=2) + "\n")
    beside.replace(out)


def _ranged(options: dict[str, Any], positive_threshold: float | None) -> dict[str, Any]:
    """Who says what is relevant may bring values of any range."""
    return options if positive_threshold is None else {"min_value": None, "max_value": None, **options}


def _print_llm(found: dict[str, Any], console: Console) -> None:
    k = found["k"]
    console.width = max(console.width, 150)
    table = Table("users", "model", box=None)
    for title in ("n", "asked", "failed", f"NDCG@{k}", "gain over CF", "$ per 1,000", "p50 ms", "p95 ms"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in found["rows"]:
        level = f"{row[f'ndcg_at_{k}']:.4f} [{row[f'ndcg_at_{k}_low']:.3f}, {row[f'ndcg_at_{k}_high']:.3f}]"
        gain = f"{row['gain']:+.4f} [{row['gain_low']:+.3f}, {row['gain_high']:+.3f}]"
        counts = (str(row["users"]), str(row["asked"]), str(row["failed"]))
        costs = (f"{row['cost_per_1000']:.4f}", f"{row['p50_ms']:,.1f}", f"{row['p95_ms']:,.1f}")
        table.add_row(row["group"], row["model"], *counts, level, gain, *costs)
    tiers = ", ".join(f"{tier['name']} ({tier['model']}) {tier['share']:g} %" for tier in found["tiers"])
    console.print(f"tiers: {tiers}; spent ${found['spent_usd']:.4f} of ${found['cap_usd']:.2f}", highlight=False)
    console.print(table)


def _print(found: dict[str, Any], k: int, console: Console) -> None:
    table = Table(box=None)
    table.add_column("model", no_wrap=True)
    for title, _ in SHOWN:
        table.add_column(title, justify="right", no_wrap=True)
    for row in found["rows"]:
        table.add_row(row["model"], *(_cell(row, name.format(k=k)) for _, name in SHOWN))
    # A pipe has no width of its own, and a table folded to 80 columns cannot be read.
    console.width = max(console.width, 220)
    console.print(
        f"{found['protocol']}: {found['users']:,} users, {found['items']:,} items, "
        f"{found['train_interactions']:,} interactions to learn from, {found['test_relevant']:,} to find for "
        f"{found['users_judged']:,} users; lists of {k}"
    )
    console.print(table)
    for note in found["missing"]:
        console.print(f"- {note}")


def _cell(row: dict[str, Any], name: str) -> str:
    value = row[name]
    if value is None:
        return "-"
    if f"{name}_low" in row and not name.startswith(("warm", "cold")):
        return f"{value:.4f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"
    return f"{value:.4f}" if "ndcg" in name or name in ("coverage", "diversity") else f"{value:,.2f}"
