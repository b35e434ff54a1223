"""Logs the evaluation of a prompt as an MLflow run that both versions of the prompt are linked to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from components.adapters.mlflow.prompts import PromptRegistry
from components.adapters.mlflow.registry import MLFLOW_SWITCHES

EXPERIMENT = "recops-evaluate-prompt"


@dataclass(frozen=True)
class EvaluationRecord:
    """What is logged: `page` is HTML, `decision` goes in as JSON; figures that do not exist are left out before."""

    evaluation_id: str
    champion: int
    challenger: int
    verdict: str
    reasons: tuple[str, ...]
    parameters: Mapping[str, str | int | float]
    metrics: Mapping[str, float]
    page: str
    decision: Mapping[str, object]


def log_evaluation(tracking_url: str, registry: PromptRegistry, record: EvaluationRecord) -> str:
    """Logs one reading of an evaluation; returns the id of the run."""
    for switch, value in MLFLOW_SWITCHES.items():
        os.environ.setdefault(switch, value)
    import mlflow

    mlflow.set_tracking_uri(tracking_url)
    mlflow.set_experiment(EXPERIMENT)
    tags = {
        "evaluation": record.evaluation_id,
        "verdict": record.verdict,
        "reasons": "; ".join(record.reasons)[:4000],
        "prompt.champion": str(record.champion),
        "prompt.challenger": str(record.challenger),
    }
    with mlflow.start_run(run_name=f"{record.challenger}-against-{record.champion}", tags=tags) as active:
        mlflow.log_params(dict(record.parameters))
        mlflow.log_metrics(dict(record.metrics))
        mlflow.log_text(record.page, "evaluation.html")
        mlflow.log_dict(dict(record.decision), "decision.json")
        run_id = str(active.info.run_id)
    for version in (record.champion, record.challenger):
        registry.link_to_run(run_id, version)
    return run_id
