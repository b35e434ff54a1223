"""One retraining, from the newest data to the gate's verdict: its steps in order, without Prefect."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.adapters.dvc.data_registry import DataVersion
from components.adapters.dvc.pipeline_repository import PipelineRun
from components.rollout.gate import GateRefused, Passed
from jobs.steps import AsStep, Log, plainly
from jobs.training.imported_meanwhile import TO_REGISTER, imported_meanwhile
from jobs.training.partial import keep_choice
from jobs.training.steps import (
    EVALUATION,
    GATE_RUN_TAG,
    find_data,
    ingest_events,
    judge,
    load_model,
    make_params,
    register_model,
    run_pipeline,
    score_champion,
    seal_former,
    settle,
)
from jobs.wiring.workbench import Workbench

if TYPE_CHECKING:
    from components.adapters.mlflow.registry import ModelVersion


@dataclass(frozen=True)
class RetrainRequest:
    """What to train on (a tag of the data registry, None for the newest) and which parameters to change for it.

    `overrides` maps dotted paths to values, such as {"train.seed": 7}; `preset` is as for `make_params`.
    With `ingest_first` the newest version is first given what the event store has gained; a version that is named is
    taken as it is. With `partial` the generators are fitted to the newest data, and what the last full run chose and
    learnt is kept, where that suits (`jobs/training/partial.py`).
    """

    data_version: str | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    ingest_first: bool = False
    preset: str | None = None
    partial: bool = False


@dataclass(frozen=True)
class JudgedModel:
    """The gate passed or refused a version; `champion_note` says how it was held against the champion, if at all."""

    run: PipelineRun
    version: ModelVersion
    verdict: Passed | GateRefused
    champion_note: str | None
    data: DataVersion


@dataclass(frozen=True)
class NothingNew:
    """The pipeline had nothing to do, and the gate has judged its last run already."""

    run: PipelineRun
    version: ModelVersion


def retrain(bench: Workbench, request: RetrainRequest, log: Log, as_step: AsStep = plainly) -> JudgedModel | NothingNew:
    """Everything up to the alias `challenger`; a retraining that was killed on its way is taken up again.

    The alias moves only after the model has loaded and answered in a clean process and the gate has passed it.

    Raises:
        jobs.training.steps.TrainingError: there is no data, or an override is wrong.
        DataRegistryError, ParamsError, PipelineError, ModelRegistryError, ModelLoadError, RescoringError: as named.
    """
    if request.ingest_first and request.data_version is None:
        as_step(ingest_events)(bench, log)
    data = as_step(find_data)(bench.data, request.data_version)
    params = make_params(bench, data.tag, request.overrides, request.preset, data.manifest.options)
    if request.partial:
        params = as_step(keep_choice)(bench, params, log)
    with imported_meanwhile(*TO_REGISTER):
        outcome = as_step(run_pipeline)(bench.pipeline, params, log)
    if isinstance(outcome, PipelineRun):
        log(f"{outcome.tag} made bundle {outcome.bundle_md5}")
        return _judge_run(bench, outcome, data, log, as_step)
    known = bench.models.version_of_bundle(outcome.last.bundle_md5)
    if known is not None and known.tags.get(GATE_RUN_TAG) == outcome.last.tag:
        with tempfile.TemporaryDirectory(prefix="recops-retrain-") as scratch:
            seal_former(bench, outcome.last, Path(scratch))
        return NothingNew(outcome.last, known)
    log(f"nothing changed since {outcome.last.tag}, but that run was never judged: going on with it")
    return _judge_run(bench, outcome.last, data, log, as_step)


def _judge_run(bench: Workbench, run: PipelineRun, data: DataVersion, log: Log, as_step: AsStep) -> JudgedModel:
    from components.adapters.mlflow.load_test import LoadTest

    with LoadTest(bench.settings.mlflow_url) as test, tempfile.TemporaryDirectory(prefix="recops-retrain-") as scratch:
        folder = Path(scratch)
        version = as_step(register_model)(bench, run, data, folder)
        log(f"{run.tag} is version {version.version} of the model")
        compared = as_step(load_model)(test, version)
        log(f"version {version.version} loads in a clean process and gives {compared} answers as its bundle says")
        rescored = as_step(score_champion)(bench, run, folder)
        verdict = as_step(judge)(run, folder / EVALUATION, rescored.evaluation if rescored else None)
        as_step(settle)(bench.models, run, version, verdict)
    for check in verdict.checks:
        log(check.explanation)
    return JudgedModel(run, version, verdict, rescored.note if rescored else None, data)
