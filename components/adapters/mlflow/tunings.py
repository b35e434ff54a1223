"""Logs the tuning of a reranker as an MLflow run: how it was made, how the loss fell, and what judged it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from components.adapters.mlflow.registry import MLFLOW_SWITCHES, ModelRegistryError

EXPERIMENT = "recops-tune-reranker"
POINTS = 200


@dataclass(frozen=True)
class TuningRecord:
    """What is logged: no text of a user or an item.

    Attributes:
        metrics: figures over all seeds.
        losses: of each seed, by step.
        rates: learning rates by step, the same for each seed.
        report: everything, as `tuning.json`.
    """

    name: str
    tags: Mapping[str, str]
    parameters: Mapping[str, str | int | float]
    metrics: Mapping[str, float]
    losses: Mapping[int, Sequence[float]]
    rates: Sequence[float]
    report: Mapping[str, object]


def check_tracking(tracking_url: str) -> None:
    """Makes sure that a run can be logged, before hours are spent on what it is about.

    Raises:
        ModelRegistryError: MLflow does not answer.
    """
    with _mlflow(tracking_url) as mlflow:
        mlflow.set_experiment(EXPERIMENT)


def log_tuning(tracking_url: str, record: TuningRecord) -> str:
    """Logs it; returns the id of the run. Of long curves some steps are logged, the first and the last among them.

    Raises:
        ModelRegistryError: MLflow does not answer any more.
    """
    with _mlflow(tracking_url) as mlflow:
        mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(run_name=record.name, tags=dict(record.tags)) as active:
            mlflow.log_params(dict(record.parameters))
            mlflow.log_metrics(dict(record.metrics))
            for step in _shown(len(record.rates)):
                at = {f"loss.seed_{seed}": losses[step] for seed, losses in record.losses.items()}
                mlflow.log_metrics({"learning_rate": record.rates[step], **at}, step=step)
            mlflow.log_dict(dict(record.report), "tuning.json")
        return str(active.info.run_id)


def _shown(n_steps: int) -> list[int]:
    if n_steps <= POINTS:
        return list(range(n_steps))
    return [round(place * (n_steps - 1) / (POINTS - 1)) for place in range(POINTS)]


@contextmanager
def _mlflow(tracking_url: str) -> Iterator[Any]:
    for switch, value in MLFLOW_SWITCHES.items():
        os.environ.setdefault(switch, value)
    import mlflow

    mlflow.set_tracking_uri(tracking_url)
    try:
        yield mlflow
    except mlflow.MlflowException as error:
        said = (str(error).splitlines() or [""])[0][:200]
        raise ModelRegistryError(f"MLflow does not answer at {tracking_url}: {said}") from error
