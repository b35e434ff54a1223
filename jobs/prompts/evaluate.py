"""Judges a prompt against the live one, from the choice of the pair to the page and the alias."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from components.shadow.decision import Promote, Refuse, Undecided
from jobs.live_release import live_release, release_files
from jobs.prompts.evaluation import EvaluationRequest, Finding, conclude, find_evaluation, find_pair
from jobs.prompts.evaluator import Evaluator
from jobs.prompts.report import Published, publish
from jobs.prompts.shadow_model import check_reachable, make_terms, open_client, tier_of
from jobs.stack.programs import SHADOW
from jobs.wiring.workbench import Workbench


@dataclass(frozen=True)
class JudgedBefore:
    """This pair has its decision; the message says which."""

    message: str


@dataclass(frozen=True)
class JudgedPrompt:
    """What an evaluation found; `versions` names the pair."""

    finding: Finding
    published: Published
    versions: str


def evaluate_prompt(
    bench: Workbench, asked: EvaluationRequest, report: Callable[[str], None]
) -> JudgedPrompt | JudgedBefore:
    """Replays logged requests, or reads what the shadow worker has collected, which is started the first time.

    Raises:
        NothingThereError: nothing is live, it asks no model, or a prompt is missing.
        PromptError, ModelRegistryError, SettingsError: as named.
    """
    params, live = bench.params, live_release(bench)
    llm = live.control.llm
    tier = tier_of(llm, asked.tier)
    check_reachable(bench, llm)
    pair, store = find_pair(bench.prompts, asked, live), bench.store.evaluations
    size = asked.sample_size or params.shadow.sample_size
    evaluation, nth = find_evaluation(store, asked, pair, tier.name, size)
    versions = f"version {pair.challenger.version} against version {pair.champion.version}"
    report(f"{evaluation.evaluation_id}: {versions}, {asked.mode}, {evaluation.spec.sample_size} requests")
    if evaluation.state == "over":
        return JudgedBefore(f"{versions} was judged before: {evaluation.decision}; fresh=true begins anew")
    if asked.mode == "live":
        bench.supervisor.start_program(SHADOW)
    terms = make_terms(llm, tier, live.items, params.shadow)
    known = partial(release_files, bench)
    evaluator = Evaluator(store, partial(open_client, bench, llm), terms, params, live, known, report)
    budget = params.shadow.budget_usd if asked.budget_usd is None else asked.budget_usd
    finding = evaluator.run(evaluation, pair, budget)
    conclude(store, finding)
    published = publish(bench, finding, tier, params.routing.cold_start_threshold, nth)
    return JudgedPrompt(finding, published, versions)


def word_of(judged: JudgedPrompt) -> str:
    """Promote, Refuse or Undecided."""
    return type(judged.finding.decision).__name__


def tell(judged: JudgedPrompt) -> str:
    """The decision in one line, with what to do next."""
    finding, decision, versions = judged.finding, judged.finding.decision, judged.versions
    reasons = "; ".join(finding.reasons)
    if isinstance(decision, Promote):
        return f"{versions} passed and is challenger; `prefect deployment run promote/default` takes it live"
    if isinstance(decision, Refuse):
        return f"{versions} was refused: {reasons}"
    needed = "" if decision.requests_needed is None else f"; about {decision.requests_needed} more requests are needed"
    ended = f"; {finding.stopped}" if finding.stopped else ""
    return f"{versions} is undecided{needed}{ended}: {reasons}"


def page_of(judged: JudgedPrompt) -> str:
    """The decision and its reasons in Markdown."""
    finding, decision, published = judged.finding, judged.finding.decision, judged.published
    lines = [f"- {reason}" for reason in finding.reasons]
    if finding.stopped:
        lines.append(f"- ended early: {finding.stopped}")
    if isinstance(decision, Undecided) and decision.requests_needed is not None:
        lines.append(f"- about {decision.requests_needed} more requests are needed")
    body = "\n".join(lines)
    where = f"Page: `{published.page}`, and in MLflow run `{published.run_id}`."
    return f"# {word_of(judged)}: prompt {judged.versions}\n\n{body}\n\n{where}\n"
