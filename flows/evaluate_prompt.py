"""The flow that judges a new prompt on logged requests or beside live traffic, before any user sees it."""

from __future__ import annotations

from typing import Any, Literal

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed, Failed, State

from components.adapters.files.params_file import read_params
from components.config.settings import SettingsError, load_settings


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
    from components.reranking.prompt import PromptError
    from jobs.errors import NothingThereError
    from jobs.prompts.evaluate import EvaluationRequest

    asked = EvaluationRequest(challenger, file, mode, sample_size, budget_usd, tier, fresh)
    try:
        return _evaluate(asked)
    except (NothingThereError, PromptError, ModelRegistryError, SettingsError) as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error))


def _evaluate(asked: Any) -> State[Any]:
    import time
    from functools import partial

    from components.adapters.mlflow.prompts import PromptRegistry
    from components.adapters.store.engine import open_engine
    from components.adapters.store.llm.evaluations import EvaluationStore
    from jobs.prompts.evaluate import Evaluator, conclude, find_evaluation, find_pair
    from jobs.prompts.live_release import known_release, live_release
    from jobs.prompts.report import publish
    from jobs.prompts.shadow_model import check_reachable, make_terms, open_client, tier_of
    from jobs.stack import SHADOW, supervisor

    settings, logger = load_settings(), get_run_logger()
    params = read_params(settings.project / "params.yaml")
    registry = PromptRegistry(settings.mlflow_url)
    live = live_release(settings)
    llm = live.variant.llm
    tier = tier_of(llm, asked.tier)
    check_reachable(llm, settings)
    pair = find_pair(registry, asked, live)
    store = EvaluationStore(open_engine(settings.store_url), time.time)
    size = asked.sample_size or params.shadow.sample_size
    evaluation, nth = find_evaluation(store, asked, pair, tier.name, size)
    versions = f"version {pair.challenger.version} against version {pair.champion.version}"
    logger.info("%s: %s, %s, %d requests", evaluation.evaluation_id, versions, asked.mode, evaluation.spec.sample_size)
    if evaluation.state == "over":
        line = f"{versions} was judged before: {evaluation.decision}; fresh=true begins anew"
        return Completed(name="NothingChanged", message=line)
    if asked.mode == "live":
        supervisor(settings).start_program(SHADOW)
    terms = make_terms(llm, tier, live.items, params.shadow)
    known = partial(known_release, settings)
    evaluator = Evaluator(store, partial(open_client, llm, settings), terms, params, live, known, logger.info)
    budget = params.shadow.budget_usd if asked.budget_usd is None else asked.budget_usd
    finding = evaluator.run(evaluation, pair, budget)
    conclude(store, finding)
    published = publish(settings, registry, finding, tier, params.routing.cold_start_threshold, nth)
    return _end(finding, published, versions)


def _end(finding: Any, published: Any, versions: str) -> State[Any]:
    from components.shadow.decision import Promote, Refuse, Undecided

    decision, reasons = finding.decision, "; ".join(finding.reasons)
    word = type(decision).__name__
    lines = [f"- {reason}" for reason in finding.reasons]
    if finding.stopped:
        lines.append(f"- ended early: {finding.stopped}")
    if isinstance(decision, Undecided) and decision.requests_needed is not None:
        lines.append(f"- about {decision.requests_needed} more requests are needed")
    body = "\n".join(lines)
    create_markdown_artifact(
        f"# {word}: prompt {versions}\n\n{body}\n\nPage: `{published.page}`, and in MLflow run `{published.run_id}`.\n",
        key="evaluate-prompt",
    )
    get_run_logger().info("%s; page %s", word, published.page)
    if isinstance(decision, Promote):
        line = f"{versions} passed and is challenger; `prefect deployment run promote/default` takes it live"
        return Completed(message=line)
    if isinstance(decision, Refuse):
        return Completed(name="Refused", message=f"{versions} was refused: {reasons}")
    needed = "" if decision.requests_needed is None else f"; about {decision.requests_needed} more requests are needed"
    ended = f"; {finding.stopped}" if finding.stopped else ""
    return Completed(name="Undecided", message=f"{versions} is undecided{needed}{ended}: {reasons}")
