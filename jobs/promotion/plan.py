"""Plans the next release: which model, prompt and policy each of its variants serves, or why there can be none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.adapters.dvc.code_digest import SERVING_FOLDERS, code_digest
from components.adapters.machine.git_state import GitState, commit_of
from components.adapters.mlflow.registry import CHALLENGER, ModelRegistryError, ModelVersion
from components.adapters.store.experiments.declared import StoredExperiment
from components.experiments.declaration import DeclarationError
from components.params.params import Params
from components.reranking.prompt import PromptError
from components.rollout.outcomes import PromotionRefused
from components.rollout.release import Release, Variant
from jobs.experiments.file import params_of_variant, policy_of
from jobs.wiring.workbench import Workbench

if TYPE_CHECKING:
    from components.adapters.mlflow.registry import ModelRegistry


@dataclass(frozen=True)
class PlannedVariant:
    """One arm of the next release."""

    name: str
    share: float
    model: ModelVersion
    params: Params
    prompt_version: int | None = None


@dataclass(frozen=True)
class ReleasePlan:
    """Everything that decides how the next release answers; the first variant is the control, or the only one."""

    variants: tuple[PlannedVariant, ...]
    params: Params
    git: GitState
    serving_digest: str
    lock_hash: str
    experiment: StoredExperiment | None = None

    @property
    def model(self) -> ModelVersion:
        """That of the control."""
        return self.variants[0].model

    def release(self, release_id: str, parent_id: str | None, by: str, bento_tag: str, now: float) -> Release:
        """The release that this plan gives."""
        experiment = self.experiment and {
            "id": self.experiment.name,
            "salt": self.experiment.declaration.assignment_salt,
            "design": self.experiment.declaration.design,
            "allocation": self.experiment.declaration.allocation,
        }
        return Release(
            release_id=release_id,
            created_at=now,
            created_by=by,
            parent_id=parent_id,
            bento_tag=bento_tag,
            variants=tuple(
                Variant(v.name, v.model.version, policy_of(v.params), v.prompt_version, v.share) for v in self.variants
            ),
            git_commit=self.git.commit,
            git_dirty=self.git.dirty,
            lock_hash=self.lock_hash,
            params_digest=self.model.tags["params_digest"],
            summary={
                "data_version": self.model.data_version,
                "bundle_md5": self.model.bundle_md5,
                "serving_digest": self.serving_digest,
                "ndcg_at_10": self.model.metrics.get("ndcg_at_10"),
                "popularity_ndcg_at_10": self.model.metrics.get("popularity_ndcg_at_10"),
                **({"experiment": experiment} if experiment else {}),
            },
        )


def make_plan(
    bench: Workbench, params: Params, model_version: int | None, experiment: StoredExperiment | None = None
) -> ReleasePlan | PromotionRefused:
    """The plan for a version of the model (by default the challenger) under `params`, or why there can be none.

    The variants of `experiment` are that model and the project's policy with what each of them changes.
    """
    try:
        model = _passed(bench.models, model_version)
        if isinstance(model, PromotionRefused):
            return model
        variants = _variants(bench.models, params, model, _prompt_version(bench, params), experiment)
    except (ModelRegistryError, DeclarationError, PromptError) as error:
        return PromotionRefused(str(error))
    if isinstance(variants, PromotionRefused):
        return variants
    settings = bench.settings
    git = commit_of(settings.project, settings.git_commit)
    if git.dirty and not settings.demo:
        return PromotionRefused("the checkout has changes that are not committed; commit them, or set RECOPS_DEMO=true")
    lock = hashlib.sha256((settings.project / "requirements.lock").read_bytes()).hexdigest()[:16]
    return ReleasePlan(variants, params, git, code_digest(settings.project, SERVING_FOLDERS), lock, experiment)


def _prompt_version(bench: Workbench, params: Params) -> int | None:
    """The prompt of the next release; it is pinned also where no key is set now, as one may be when the slot starts."""
    if params.llm.enabled == "off" or not params.llm.tiers:
        return None
    return bench.prompts.to_serve(bench.project_prompt()).version


def _passed(registry: ModelRegistry, version: int | None) -> ModelVersion | PromotionRefused:
    """This version, or the challenger, if it passed the gate."""
    model = registry.version_with_alias(CHALLENGER) if version is None else registry.version(version)
    if model is None:
        return PromotionRefused("no model has the alias challenger; run `prefect deployment run retrain/default` first")
    if model.tags.get("gate") != "passed":
        reason = model.tags.get("gate_reason") or "it was never judged; run retrain/default"
        return PromotionRefused(f"version {model.version} did not pass the gate: {reason}")
    return model


def _variants(
    registry: ModelRegistry,
    params: Params,
    model: ModelVersion,
    prompt_version: int | None,
    experiment: StoredExperiment | None,
) -> tuple[PlannedVariant, ...] | PromotionRefused:
    if experiment is None:
        return (PlannedVariant("default", 1.0, model, params, prompt_version),)
    planned = []
    for spec in experiment.declaration.variants:
        of_variant = model if spec.model_version is None else _passed(registry, spec.model_version)
        if isinstance(of_variant, PromotionRefused):
            return PromotionRefused(f"variant {spec.name}: {of_variant.reason}")
        changed = params_of_variant(params, spec.policy, spec.name)
        prompt = prompt_version if spec.prompt_version is None else spec.prompt_version
        planned.append(PlannedVariant(spec.name, spec.share, of_variant, changed, prompt))
    return tuple(planned)
