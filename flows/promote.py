"""The flow that builds a release of the challenger and makes it live, blue-green."""

from __future__ import annotations

from typing import Any

from prefect import State, flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.context import FlowRunContext
from prefect.states import Completed, Failed


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
    from components.rollout.outcomes import PromotionRefused
    from jobs.promotion.history import history_page
    from jobs.promotion.promote import AlreadyLive, PromotionRequest, run_promotion
    from jobs.promotion.report import page_of, tell
    from jobs.wiring.workbench import open_workbench

    asked = PromotionRequest(model_version, experiment, end_experiment, local_llm, allow_rejected)
    with open_workbench() as bench:
        outcome = run_promotion(bench, asked, _started_by(), get_run_logger().info)
        create_markdown_artifact(history_page(bench), key="releases")
    page = page_of(outcome)
    if page is not None:
        create_markdown_artifact(page, key="promotion")
    if isinstance(outcome, PromotionRefused):
        return Failed(name="Refused", message=tell(outcome))
    return Completed(name="NothingChanged" if isinstance(outcome, AlreadyLive) else None, message=tell(outcome))


def _started_by() -> str:
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return f"promote ({run.name})" if run else "promote"
