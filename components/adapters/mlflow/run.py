"""Logs one run of the training pipeline in MLflow: parameters, metrics, pictures, lineage and the model."""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from components.adapters.dvc.folder_md5 import file_md5s
from components.adapters.dvc.pipeline_repository import PipelineRun
from components.adapters.machine.git_state import GitState
from components.params.overrides import flattened
from components.params.params import Params

EXPERIMENT = "recops-retrain"
BUNDLE_LISTING = "lineage/bundle_md5s.json"
PARAMS_FILE = "lineage/params.yaml"
REQUIREMENTS = ("recops", "mlflow", "numpy", "scipy", "pandas", "pydantic", "annoy")


@dataclass(frozen=True)
class TrainingRecord:
    """What is logged of one run of the pipeline.

    Attributes:
        bundle: a folder with the run's bundle, byte for byte.
        pictures: a folder of PNG files for people.
        project: the Git state of the code that ran.
        data_source: address of the data registry, without a password.
        data_md5: DVC's md5 of the data version's folder.
        data_metrics: figures of the data version, such as the share that answers to our own impressions.
    """

    run: PipelineRun
    bundle: Path
    pictures: Path
    project: GitState
    data_source: str
    data_md5: str
    data_metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class LoggedModel:
    """Where MLflow put a run and the model in it."""

    run_id: str
    model_uri: str


def log_training(record: TrainingRecord) -> LoggedModel:
    """Logs everything in one MLflow run at the tracking address that is set; registers nothing."""
    import mlflow

    mlflow.set_experiment(EXPERIMENT)
    outputs = {path: md5 for stage in record.run.stage_md5s.values() for path, md5 in stage.items()}
    tags = lineage_tags(record) | {f"dvc_md5.{path}": md5 for path, md5 in outputs.items()}
    with mlflow.start_run(run_name=record.run.tag, tags=tags) as active:
        mlflow.log_params(flattened(record.run.params))
        _log_data(mlflow, record)
        with tempfile.TemporaryDirectory() as scratch:
            mlflow.log_artifacts(str(_lineage_files(record, Path(scratch))))
        if any(record.pictures.iterdir()):
            mlflow.log_artifacts(str(record.pictures), "plots")
        model_id, model_uri = _log_model(record)
        mlflow.log_metrics({**record.run.metrics, **record.data_metrics}, model_id=model_id)
        return LoggedModel(active.info.run_id, model_uri)


def lineage_tags(record: TrainingRecord) -> dict[str, str]:
    """From a run or version back to the exact bytes: data, code, parameters, pipeline run, bundle."""
    run = record.run
    return {
        "bundle_md5": run.bundle_md5,
        "data_version": run.params.data.version,
        "data_md5": record.data_md5,
        "pipeline_run": run.tag,
        "pipeline_commit": run.commit,
        "project_commit": record.project.commit,
        "project_dirty": str(record.project.dirty).lower(),
        "code_digest": run.params.code.digest,
        "params_digest": params_digest(run.params),
    }


def params_digest(params: Params) -> str:
    """16 hex digits over every parameter; the order in which they are written does not count."""
    text = json.dumps(params.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _log_data(mlflow: Any, record: TrainingRecord) -> None:
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    tag = record.run.params.data.version
    source = CodeDatasetSource(tags={"registry": record.data_source, "tag": tag, "dvc_md5": record.data_md5})
    dataset = MetaDataset(source, name=tag, digest=record.data_md5)  # type: ignore[abstract]
    mlflow.log_input(dataset, context="training")


def _lineage_files(record: TrainingRecord, scratch: Path) -> Path:
    folder = scratch / "lineage"
    folder.mkdir()
    (folder / "dvc.lock").write_text(record.run.dvc_lock)
    (scratch / PARAMS_FILE).write_text(yaml.safe_dump(record.run.params.model_dump(mode="json"), sort_keys=False))
    (scratch / BUNDLE_LISTING).write_text(json.dumps(file_md5s(record.bundle), indent=1, sort_keys=True))
    return scratch


def _log_model(record: TrainingRecord) -> tuple[str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow warns about its own type hints when this module is first imported
        from mlflow import pyfunc
    info = pyfunc.log_model(
        name="recommender",
        python_model=str(Path(__file__).with_name("model.py")),
        artifacts={"bundle": str(record.bundle)},
        model_config={"routing": record.run.params.routing.model_dump(mode="json")},
        signature=_signature(),
        input_example=_example(record.bundle),
        pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
    )
    return info.model_id, info.model_uri


def _signature() -> Any:
    """What the model takes and gives, as MLflow shows and checks it."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    types = {"user_id": "string", "rank": "long", "item_id": "string", "title": "string", "score": "double"}
    return ModelSignature(
        inputs=Schema([ColSpec("string", "user_id")]),
        outputs=Schema([ColSpec(kind, name) for name, kind in {**types, "route": "string"}.items()]),
        params=ParamSchema([ParamSpec("k", "long", 10)]),
    )


def _example(bundle: Path) -> Any:
    """A table that the model can be asked with: two users of the bundle."""
    import pandas as pd

    return pd.DataFrame({"user_id": json.loads((bundle / "users.json").read_text())[:2]})
