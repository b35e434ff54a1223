"""The flow that runs the training pipeline on the newest data, registers the model and lets the gate judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

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
    partial: bool = False,
) -> State[Any]:
    """Retrain on a data version, by default the newest.

    Args:
        data_version: a tag of the data registry, such as data-v3.
        overrides: parameters to change for this run, by dotted path, such as {"train.seed": 7}.
        ingest_first: without a data version, first add what the event store has gained to the newest.
        alert_id: the incident that asks for it, in whose thread the outcome is said; automations give it as text.
            With `promotion.auto: gate` a model that then passes the gate is promoted.
        preset: a file of presets/ that is put over params.yaml; by default that of the stack, which in the demo is
            `demo`. `none` takes params.yaml as it is.
        partial: fit the generators to the newest data, and keep the ranker of the last full training.

    Ends Completed when the model passed the gate and is challenger, Completed as `Refused` when the gate refused it
    (it stays registered, with the reason), Completed as `NothingChanged` when neither data, code nor parameters
    changed, and Failed with the reason when the pipeline or the model is broken.
    """
    from jobs.monitoring.alert_thread import retrain_for_alert
    from jobs.training.failures import RETRAIN_FAILURES
    from jobs.training.retrain import RetrainRequest
    from jobs.training.retrain import retrain as retrain_model
    from jobs.wiring.workbench import open_workbench

    logger = get_run_logger()
    request = RetrainRequest(data_version, overrides or {}, ingest_first, preset, partial)
    try:
        with open_workbench() as bench:
            if alert_id is None:
                return _end(retrain_model(bench, request, logger.info, as_task))
            return _end(retrain_for_alert(bench, request, int(alert_id), logger.info, as_task))
    except RETRAIN_FAILURES as error:
        logger.error("%s", error)
        return Failed(message=str(error))


def as_task(function: Step) -> Step:
    """The step as a Prefect task; nothing is cached, as DVC and MLflow know what is done already."""
    make_task: Any = task(name=function.__name__, cache_policy=NO_CACHE, persist_result=False)
    made: Step = make_task(function)
    return made


def _end(outcome: JudgedModel | NothingNew) -> State[Any]:
    from components.rollout.gate import Passed
    from jobs.training.report import describe, tell
    from jobs.training.retrain import JudgedModel

    line, version = tell(outcome), outcome.version.version
    if not isinstance(outcome, JudgedModel):
        get_run_logger().info(line)
        return Completed(name="NothingChanged", message=line, data=version)
    create_markdown_artifact(describe(outcome), key="retrain")
    if isinstance(outcome.verdict, Passed):
        return Completed(message=line, data=version)
    get_run_logger().warning(line)
    return Completed(name="Refused", message=line, data=version)
