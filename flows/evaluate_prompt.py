"""The flow that judges a new prompt on logged requests or beside live traffic, before any user sees it."""

from __future__ import annotations

from typing import Any, Literal

from prefect import State, flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed, Failed

STATES = {"Promote": None, "Refuse": "Refused", "Undecided": "Undecided"}


@flow(name="evaluate-prompt")
def evaluate_prompt(
    challenger: int | None = None,
    file: str | None = None,
    mode: Literal["live", "logged"] = "logged",
    sample_size: int | None = None,
    budget_usd: float | None = None,
    tier: str | None = None,
    fresh: bool = False,
) -> State[Any]:
    """Judge a prompt against the live one.

    Args:
        challenger: its version in the registry; or
        file: a prompt to register.
        mode: `logged` replays logged requests now; `live` reads what the shadow worker collects beside live traffic,
            and starts that the first time.
        sample_size: requests of the planned read, by default `shadow.sample_size`; a larger one goes on with an
            evaluation that stayed undecided.
        budget_usd: what a replay may cost, by default `shadow.budget_usd`.
        tier: of the live release, by default its cheapest.
        fresh: begin anew where this pair was judged before.

    Ends Completed when the prompt passed and is challenger, Completed as `Refused`, `Undecided` or `NothingChanged`
    (judged before), each with the reasons, and Failed when it could not be evaluated.
    """
    from components.adapters.mlflow.registry import ModelRegistryError
    from components.config.settings import SettingsError
    from components.reranking.prompt import PromptError
    from jobs.errors import NothingThereError
    from jobs.prompts.evaluate import JudgedBefore, page_of, tell, word_of
    from jobs.prompts.evaluate import evaluate_prompt as judge_prompt
    from jobs.prompts.evaluation import EvaluationRequest
    from jobs.wiring.workbench import open_workbench

    logger = get_run_logger()
    asked = EvaluationRequest(challenger, file, mode, sample_size, budget_usd, tier, fresh)
    try:
        with open_workbench() as bench:
            judged = judge_prompt(bench, asked, logger.info)
    except (NothingThereError, PromptError, ModelRegistryError, SettingsError) as error:
        logger.error("%s", error)
        return Failed(message=str(error))
    if isinstance(judged, JudgedBefore):
        return Completed(name="NothingChanged", message=judged.message)
    create_markdown_artifact(page_of(judged), key="evaluate-prompt")
    logger.info("%s; page %s", word_of(judged), judged.published.page)
    return Completed(name=STATES[word_of(judged)], message=tell(judged))
