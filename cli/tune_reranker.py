"""`recops tune-reranker`: tunes a small language model on exported preferences, and says how it ranks for others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.answer import json_option, say, teller
from jobs.wiring.workbench import open_workbench

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--pairs", required=True, type=FILE, help="preference-pairs-….parquet, as batch-recommend exports it.")
@click.option(
    "--lists", type=FILE, help="preference-lists-….parquet of the same export: the ranker's order to compare with."
)
@click.option(
    "--base",
    required=True,
    type=click.Path(path_type=Path),
    help="A folder in Hugging Face's form (config.json, tokenizer, safetensors), or a .gguf that transformers reads.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="A new folder for the model of the first seed."
)
@click.option(
    "--loss",
    type=click.Choice(["pairwise", "listwise"]),
    default="pairwise",
    show_default=True,
    help="Each pair by itself, or the preferred item against all that was passed over in its list.",
)
@click.option(
    "--epochs", type=click.IntRange(1), default=3, show_default=True, help="How often all of it is learnt from."
)
@click.option("--batch", type=click.IntRange(1), default=16, show_default=True, help="Preferences a step.")
@click.option(
    "--learning-rate",
    type=click.FloatRange(0, min_open=True),
    default=2e-4,
    show_default=True,
    help="The highest; it rises in a line, then falls to 0.",
)
@click.option(
    "--warm-up",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.1,
    show_default=True,
    help="Share of the steps in which it rises.",
)
@click.option(
    "--fall", type=click.Choice(["cosine", "linear"]), default="cosine", show_default=True, help="How it falls to 0."
)
@click.option("--rank", type=click.IntRange(1), default=8, show_default=True, help="Of the adapters (LoRA).")
@click.option(
    "--dropout",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.05,
    show_default=True,
    help="Before the adapters.",
)
@click.option(
    "--tokens", type=click.IntRange(8), default=512, show_default=True, help="That are read of a query and a document."
)
@click.option(
    "--held-out",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.2,
    show_default=True,
    help="Share of the users kept apart for judging.",
)
@click.option(
    "--seeds", default="1,2,3", show_default=True, help="One tuning each; the first one draws who is kept apart."
)
@click.option(
    "--shuffle-titles",
    type=click.Choice(["none", "items", "mentions"]),
    default="none",
    show_default=True,
    help="A control: each item bears another one's title throughout, or each mention another one.",
)
@click.option("--device", default="cpu", show_default=True, help="Where torch computes, such as cuda.")
@json_option
def tune_reranker(rank: int, dropout: float, tokens: int, seeds: str, as_json: bool, **asked: Any) -> None:
    """Tune a small language model as a reranker, with the extra `tune`. The learned ranker needs none of it.

    It learns which of two items a user preferred, and is judged on users of whom it learnt nothing, with each seed.
    Parameters, losses and figures are a run of MLflow. Serve the folder with `recops serve-reranker`, and have an
    experiment judge it.
    """
    from components.adapters.hugging_face.reranker import Adapters
    from components.adapters.mlflow.registry import ModelRegistryError
    from components.reranking.tuning.preferences import TuningError
    from jobs.tuning.tune import tune_reranker as tune
    from jobs.tuning.tuned import TuningRequest

    request = TuningRequest(adapters=Adapters(rank, dropout, tokens), seeds=_numbers(seeds), **asked)
    try:
        with open_workbench() as bench:
            made = tune(request, bench.settings.mlflow_url, teller(as_json))
    except TuningError as error:
        raise click.ClickException(str(error)) from error
    except ModelRegistryError as error:
        raise click.ClickException(f"{error}; is the stack running? `recops up` starts it") from error
    say(as_json, made.as_json(), *made.lines())


def _numbers(seeds: str) -> tuple[int, ...]:
    try:
        found = tuple(int(seed) for seed in seeds.split(","))
    except ValueError as error:
        raise click.BadParameter(
            f"{seeds!r}: whole numbers with commas between, such as 1,2,3", param_hint="--seeds"
        ) from error
    if len(set(found)) < len(found):
        raise click.BadParameter(f"{seeds!r}: each once", param_hint="--seeds")
    return found
