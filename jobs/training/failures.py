"""The errors with which a retraining ends and which people can mend: their message is all that they need."""

from __future__ import annotations

from components.adapters.dvc.data_registry import DataRegistryError
from components.adapters.dvc.pipeline_repository import PipelineError
from components.adapters.files.params_file import ParamsError
from components.adapters.mlflow.load_test import ModelLoadError
from components.adapters.mlflow.registry import ModelRegistryError
from components.config.settings import SettingsError
from components.interactions.source import SourceError
from jobs.training.champion import RescoringError
from jobs.training.steps import TrainingError

RETRAIN_FAILURES = (
    SettingsError,
    ParamsError,
    SourceError,
    TrainingError,
    DataRegistryError,
    PipelineError,
    ModelRegistryError,
    ModelLoadError,
    RescoringError,
)
