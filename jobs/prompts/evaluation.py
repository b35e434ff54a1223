"""What an evaluation of a prompt compares, where it goes on or begins, and what it has come to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.adapters.mlflow.prompts import PromptRegistry
from components.adapters.mlflow.prompts import PromptVersion as RegisteredPrompt
from components.adapters.mlflow.registry import CHAMPION
from components.adapters.store.llm.evaluations import EvaluationStore, Spec, StoredEvaluation
from components.shadow.decision import Decision, Promote, Refuse
from components.shadow.evidence import ShadowEvidence
from components.shadow.ground_truth import GroundTruth
from components.shadow.precheck import PrecheckResult
from components.shadow.records import Case, RankedItemFacts
from jobs.errors import NothingThereError
from jobs.live_release import ReleaseFiles


@dataclass(frozen=True)
class EvaluationRequest:
    """Parameters of the flow; None takes what params.yaml says."""

    challenger: int | None = None
    file: str | None = None
    mode: Literal["live", "logged"] = "logged"
    sample_size: int | None = None
    budget_usd: float | None = None
    tier: str | None = None
    fresh: bool = False


@dataclass(frozen=True)
class ComparedPrompts:
    """The prompts that are compared."""

    champion: RegisteredPrompt
    challenger: RegisteredPrompt


@dataclass(frozen=True)
class Finding:
    """What an evaluation has come to, for the page and the registry.

    Attributes:
        stopped: why it ended before its sample was complete, if it did.
    """

    evaluation: StoredEvaluation
    pair: ComparedPrompts
    decision: Decision
    evidence: ShadowEvidence
    precheck: PrecheckResult | None
    cases: tuple[Case, ...]
    truth: GroundTruth
    items: dict[str, RankedItemFacts]
    stopped: str | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.precheck.reasons if self.precheck and self.precheck.reasons else self.decision.reasons


def find_pair(registry: PromptRegistry, asked: EvaluationRequest, live: ReleaseFiles) -> ComparedPrompts:
    """The prompt that is live, and the one to judge, which is registered first where a file is given.

    Raises:
        NothingThereError: neither or both are given, or one of them is missing.
        components.reranking.prompt.PromptError: the file is no prompt.
    """
    if (asked.challenger is None) == (asked.file is None):
        raise NothingThereError("give either challenger (a version) or file (a prompt to register)")
    if asked.file is not None:
        path = Path(asked.file)
        if not path.is_file():
            raise NothingThereError(f"file: {path} does not exist")
        challenger = registry.register(path.read_text(), f"registered from {path.name} for an evaluation")
    else:
        found = registry.version(asked.challenger or 0)
        if found is None:
            raise NothingThereError(f"the prompt has no version {asked.challenger}; see `recops prompts list`")
        challenger = found
    number = live.control.prompt_version
    champion = registry.version(number) if number is not None else registry.with_alias(CHAMPION)
    if champion is None:
        raise NothingThereError("no prompt is live, and none has the alias champion: promote a release with one first")
    if champion.version == challenger.version:
        raise NothingThereError(f"version {champion.version} is the live prompt itself; give another one")
    return ComparedPrompts(champion, challenger)


def find_evaluation(
    store: EvaluationStore, asked: EvaluationRequest, pair: ComparedPrompts, tier: str, sample_size: int
) -> tuple[StoredEvaluation, int]:
    """The evaluation of this pair that is not over yet, or a new one; and how many of the pair there have been.

    One that was stopped goes on; an undecided one goes on to a larger sample. `fresh` begins anew, and the page counts.
    """
    known = store.of_pair(asked.mode, pair.champion.version, pair.challenger.version)
    if known and not asked.fresh:
        last = known[-1]
        if sample_size > last.spec.sample_size and last.state == "running":
            store.resize(last.evaluation_id, sample_size)
            last = store.get(last.evaluation_id)
        return last, len(known)
    spec = Spec(
        asked.mode,
        pair.champion.version,
        pair.challenger.version,
        pair.champion.text,
        pair.challenger.text,
        tier,
        sample_size,
    )
    return store.create(spec), len(known) + 1


def conclude(store: EvaluationStore, finding: Finding) -> bool:
    """Stores the decision; returns whether the evaluation is over."""
    over = isinstance(finding.decision, Promote | Refuse)
    complete = finding.stopped is None and finding.evidence.cases >= finding.evaluation.spec.sample_size
    reasons = {
        "reasons": list(finding.reasons),
        "checks": [vars(check) for check in finding.decision.checks],
        "requests_needed": getattr(finding.decision, "requests_needed", 0),
        "stopped": finding.stopped,
    }
    store.conclude(finding.evaluation.evaluation_id, type(finding.decision).__name__, reasons, over, complete)
    return over
