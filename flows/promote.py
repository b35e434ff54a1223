"""The flow that builds a release of the challenger and makes it live, blue-green."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.context import FlowRunContext
from prefect.states import Completed, Failed, State

from components.adapters.files.params_file import read_params
from components.config.llm_presets import with_local_model
from components.config.settings import Settings, load_settings
from components.params.params import Params
from components.rollout.outcomes import Promoted, PromotionRefused
from components.rollout.release import Release
from flows.release_artifact import make_history_artifact
from jobs.experiments.choose import choose_experiment, record_served
from jobs.promotion.lease_watch import watched
from jobs.promotion.promote import AlreadyLive, make_plan, run_promotion
from jobs.promotion.retention import prune
from jobs.stack import world

if TYPE_CHECKING:
    from components.adapters.mlflow.registry import ModelRegistry


@flow(name="promote")
def promote(
    model_version: int | None = None,
    experiment: str | None = None,
    end_experiment: bool = False,
    local_llm: bool = False,
    allow_rejected: bool = False,
) -> State[Any]:
    """Promote `model_version` of the registered model, by default the challenger.

    `experiment` is the file of an experiment (relative to the project) whose variants the release serves, on the model
    that is live unless another is named; `end_experiment` ends the one that runs. Without either, a running experiment
    goes on. With `local_llm` the release asks the small local model (`recops llm up`) in place of the tiers in
    params.yaml. A release that answers as a rejected one did is refused unless `allow_rejected`.

    Afterwards Bentos and models that nobody can go back to are removed (`promotion.keep_releases`).

    Ends Completed when it is live, Completed as `NothingChanged` when the live release already answers alike, and
    Failed with the reason when it is refused; users see no change then.
    """
    from components.adapters.mlflow.registry import ModelRegistry

    settings = load_settings()
    logger = get_run_logger()
    registry = ModelRegistry(settings.mlflow_url)
    parts = world(settings)
    params = read_params(settings.project / "params.yaml")
    if local_llm:
        params = params.model_copy(update={"llm": with_local_model(params.llm, settings.local_llm_url)})
    chosen = choose_experiment(settings, params, parts.store, experiment, end_experiment, _started_by())
    if isinstance(chosen, PromotionRefused):
        return _end(chosen)
    version = chosen.live_model if model_version is None else model_version
    plan = make_plan(settings, params, registry, version, chosen.experiment)
    if isinstance(plan, PromotionRefused):
        return _end(plan)
    with watched():
        outcome = run_promotion(settings, parts, registry, plan, _started_by(), logger.info, allow_rejected)
    make_history_artifact(settings)
    if isinstance(outcome, Promoted):
        _prune(settings, params, registry)
    if not isinstance(outcome, PromotionRefused):
        record_served(settings, chosen)
    return _end(outcome)


def _prune(settings: Settings, params: Params, registry: ModelRegistry) -> None:
    """What cannot be removed now is removed after the next promotion."""
    from components.adapters.mlflow.registry import ModelRegistryError

    logger = get_run_logger()
    try:
        prune(settings, params.promotion.keep_releases, registry, logger.info)
    except (ModelRegistryError, OSError) as error:
        logger.warning("retention: %s", error)


def _experiment_rows(release: Release) -> dict[str, str]:
    if release.experiment is None:
        return {}
    variants = ", ".join(f"{v.name} {v.share:.0%} (model {v.model_version})" for v in release.variants)
    return {"experiment": release.experiment.experiment_id, "variants": variants}


def _started_by() -> str:
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return f"promote ({run.name})" if run else "promote"


def _end(outcome: Promoted | PromotionRefused | AlreadyLive) -> State[Any]:
    if isinstance(outcome, AlreadyLive):
        line = f"{outcome.release_id} in {outcome.slot} already answers as the new release would"
        return Completed(name="NothingChanged", message=line)
    if isinstance(outcome, PromotionRefused):
        create_markdown_artifact(f"# Promotion refused\n\n{outcome.reason}\n", key="promotion")
        return Failed(name="Refused", message=outcome.reason)
    release = outcome.release
    before = outcome.previous_release or "nothing"
    rows = {
        "slot": outcome.slot,
        "before": before,
        "model version": release.model_version,
        **_experiment_rows(release),
        "data version": release.summary["data_version"],
        "NDCG@10 offline": release.summary["ndcg_at_10"],
        "Bento": release.bento_tag,
        "commit": release.git_commit + (" (with changes)" if release.git_dirty else ""),
        "to go back": "`recops rollback`",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    warnings = "".join(f"\n\nWarning: {warning}" for warning in outcome.warnings)
    create_markdown_artifact(
        f"# {release.release_id} is live\n\n| | |\n|---|---|\n{table}\n{warnings}", key="promotion"
    )
    return Completed(message=f"{release.release_id} is live in {outcome.slot}, after {before}")
