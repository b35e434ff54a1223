"""The flow that runs the training pipeline on the newest data, registers the model and lets the gate judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from components.config.settings import SettingsError, load_settings

if TYPE_CHECKING:
    from jobs.steps import Step
    from jobs.training.retrain import JudgedModel, NothingNew


@flow(name="retrain")
def retrain(
    data_version: str | None = None,
    overrides: dict[str, Any] | None = None,
    ingest_first: bool = True,
    alert_id: int | str | None = None,
    preset: str | None = None,
) -> State[Any]:
    """Retrain on a data version, by default the newest.

    Args:
        data_version: a tag of the data registry, such as data-v3.
        overrides: parameters to change for this run, by dotted path, such as {"train.lightfm.epochs": 30}.
        ingest_first: without a data version, first add what the event store has gained to the newest.
        alert_id: the incident that asks for it, in whose thread the outcome is said; automations give it as text.
            With `promotion.auto: gate` a model that then passes the gate is promoted.
        preset: a file of presets/ that is put over params.yaml; by default that of the stack, which in the demo is
            `demo`. `none` takes params.yaml as it is.

    Ends Completed when the model passed the gate and is challenger, Completed as `Refused` when the gate refused it
    (it stays registered, with the reason), Completed as `NothingChanged` when neither data, code nor parameters
    changed, and Failed with the reason when the pipeline or the model is broken.
    """
    from components.adapters.dvc.data_registry import DataRegistryError
    from components.adapters.dvc.pipeline_repository import PipelineError
    from components.adapters.files.params_file import ParamsError
    from components.adapters.mlflow.load_test import ModelLoadError
    from components.adapters.mlflow.registry import ModelRegistryError
    from components.interactions.source import SourceError
    from jobs.monitoring.alert_thread import follow_up, say_in_thread
    from jobs.training import retrain as training
    from jobs.training.champion import RescoringError
    from jobs.training.steps import TrainingError

    logger = get_run_logger()
    request = training.RetrainRequest(data_version, overrides or {}, ingest_first, preset)
    try:
        outcome = training.retrain(load_settings(), request, logger.info, _as_task)
        state = _end(outcome)
        if alert_id is not None:
            logger.info(follow_up(load_settings(), int(alert_id), outcome))
        return state
    except (
        SettingsError,
        ParamsError,
        SourceError,
        TrainingError,
        DataRegistryError,
        PipelineError,
        ModelRegistryError,
        ModelLoadError,
        RescoringError,
    ) as error:
        logger.error("%s", error)
        if alert_id is not None:
            say_in_thread(load_settings(), int(alert_id), f"retrain failed: {error}")
        return Failed(message=str(error))


def _as_task(function: Step) -> Step:
    """The step as a Prefect task; nothing is cached, as DVC and MLflow know what is done already."""
    as_task: Any = task(name=function.__name__, cache_policy=NO_CACHE, persist_result=False)
    wrapped: Step = as_task(function)
    return wrapped


def _end(outcome: JudgedModel | NothingNew) -> State[Any]:
    from components.rollout.gate import Passed
    from jobs.training.report import describe
    from jobs.training.retrain import JudgedModel

    version = outcome.version.version
    if not isinstance(outcome, JudgedModel):
        line = f"neither data, code nor parameters changed since {outcome.run.tag}, which is version {version}"
        get_run_logger().info(line)
        return Completed(name="NothingChanged", message=line, data=version)
    create_markdown_artifact(describe(outcome), key="retrain")
    if isinstance(outcome.verdict, Passed):
        return Completed(message=f"version {version} passed the gate and is challenger", data=version)
    line = f"version {version} was refused: {outcome.verdict.reason}"
    get_run_logger().warning(line)
    return Completed(name="Refused", message=line, data=version)
