"""`recops spark`: interactions too many for one machine to a model and lists, with Spark as the engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from cli.data_check import JsonObject
from jobs.wiring.workbench import open_workbench


@click.command()
@click.argument("source")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for what is made.")
@click.option("--items", type=click.Path(path_type=Path, exists=True), help="Parquet of the catalogue.")
@click.option(
    "--model",
    type=click.Choice(["item-to-item", "als"]),
    default="item-to-item",
    show_default=True,
    help="What is trained: neighbours of items, or factors.",
)
@click.option("--settings", type=JsonObject(), default="{}", help='Of the model, as in params.yaml: {"top": 100}.')
@click.option(
    "--protocol",
    type=click.Choice(["per-user-temporal", "leave-one-out"]),
    default="per-user-temporal",
    show_default=True,
    help="What is trained on, and what is asked for.",
)
@click.option("--k", type=click.IntRange(1, 1000), default=10, show_default=True, help="Length of the lists.")
@click.option("--positive-threshold", type=float, help="As of `recops benchmark`; prepare.positive_threshold.")
@click.option("--mapping", type=JsonObject(), default="{}", help='As of an ingest: {"userId": "user_id"}.')
@click.option("--options", type=JsonObject(), default="{}", help='As of an ingest: {"max_value": 10}.')
@click.option(
    "--master", default="local[2]", show_default=True, help="Where Spark runs: spark://host:7077, yarn, k8s://…"
)
@click.option(
    "--driver-memory", default="4g", show_default=True, help="Of the JVM here; all of it with a local master."
)
@click.option("--executor-memory", default="4g", show_default=True, help="Of each executor of a cluster.")
@click.option("--driver-host", default="127.0.0.1", show_default=True, help="Where executors of a cluster reach this.")
@click.option(
    "--partitions", type=click.IntRange(1), default=8, show_default=True, help="Parts of shuffled rows, at least."
)
@click.option("--answers/--no-answers", default=True, show_default=True, help="Make lists for everybody.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def spark(
    source: str,
    out: Path,
    items: Path | None,
    model: str,
    settings: dict[str, Any],
    protocol: Any,
    k: int,
    positive_threshold: float | None,
    mapping: dict[str, str],
    options: dict[str, Any],
    master: str,
    driver_memory: str,
    executor_memory: str,
    driver_host: str,
    partitions: int,
    answers: bool,
    as_json: bool,
) -> None:
    """Screen, split, train, evaluate and answer interactions of SOURCE, Parquet, with Spark (the extra `spark`).

    The rules are those of an ingest and of the pipeline's stages, with the section ingest of params.yaml and --options
    over it. The model in OUT/model is an ordinary one, which answers without Spark and Java.
    """
    from pydantic import ValidationError

    from components.adapters.spark.als import SparkAlsConfig
    from components.adapters.spark.java import SparkMissing
    from components.adapters.spark.session import SparkPlace, SparkRefused
    from components.interactions.source import SourceError
    from components.metrics.evaluate import EvaluationError
    from components.recommenders.item_to_item import ItemToItemConfig
    from components.recommenders.protocol import RecommenderError
    from components.splitting.temporal import SplitError
    from jobs.data.ingest import with_options
    from jobs.spark.run import SparkRun, run_on_spark

    def say(step: str, seconds: float) -> None:
        click.echo(f"{step}: {seconds:,.1f} s", err=True)

    try:
        with open_workbench() as bench:
            config = with_options(bench.params.ingest, options)
            threshold = bench.params.prepare.positive_threshold if positive_threshold is None else positive_threshold
        kind = ItemToItemConfig if model == "item-to-item" else SparkAlsConfig
        place = SparkPlace(master, driver_memory, executor_memory, driver_host, partitions)
        chosen = kind.model_validate(settings)
        asked = SparkRun(
            source, out.resolve(), chosen, config, threshold, items, mapping, protocol, k=k, answers=answers
        )
        found = run_on_spark(asked, place, say)
    except ValidationError as error:
        first = error.errors()[0]
        raise click.UsageError(f"--settings: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (SparkMissing, SparkRefused, SourceError, SplitError, RecommenderError, EvaluationError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(found, indent=2) if as_json else _said(found, k, out))


def _said(found: dict[str, Any], k: int, out: Path) -> str:
    screened, metrics = found["screened"], found["metrics"]
    bad = "".join(f"\n  {count:,} × {reason}" for reason, count in screened["bad"].items())
    return (
        f"{screened['rows']:,} rows: {screened['good']:,} kept, {screened['merged']:,} merged, "
        f"{sum(screened['bad'].values()):,} bad{bad}\n"
        f"{found['users']:,} users, {found['items']:,} items; {metrics['n_users']:,} users judged\n"
        f"NDCG@{k} {metrics[f'ndcg_at_{k}']:.4f}, hit rate {metrics[f'hit_rate_at_{k}']:.4f}, "
        f"recall {metrics[f'recall_at_{k}']:.4f}, coverage {metrics['coverage']:.4f}\n"
        f"in {out}: model, lists, users, items, interactions, quarantine, split, report.json"
    )
