"""What a promotion builds: a release of a registered model, as a Bento. Imports no Prefect."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from components.adapters.dvc.code_digest import SERVING_FOLDERS, code_digest
from components.adapters.machine.git_state import GitState, commit_of
from components.adapters.mlflow.prompts import PromptRegistry
from components.adapters.mlflow.registry import CHALLENGER, ModelRegistry, ModelRegistryError, ModelVersion
from components.adapters.slots.bento_files import damage_of, size_mb
from components.adapters.slots.clean_start import start_clean
from components.adapters.store.experiments.declared import StoredExperiment
from components.config.promotion import PromotionConfig
from components.config.settings import Settings
from components.experiments.declaration import DeclarationError
from components.params.params import Params
from components.reranking.prompt import PROMPT, PromptError
from components.rollout.bring_up import Limits
from components.rollout.outcomes import Promoted, PromotionRefused
from components.rollout.ports import ReleaseStore, StepFailed, World
from components.rollout.promote import Making, promote
from components.rollout.release import Release, Variant
from components.rollout.release_gate import ReleaseCheck, ReleaseFindings, judge_release
from jobs.experiments.file import params_of_variant, policy_of
from jobs.stack import bento_folder
from jobs.training.steps import GATE_CHECKS_TAG


@dataclass(frozen=True)
class AlreadyLive:
    """The live release already answers as the new one would."""

    release_id: str
    slot: str


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
    settings: Settings,
    params: Params,
    registry: ModelRegistry,
    model_version: int | None,
    experiment: StoredExperiment | None = None,
) -> ReleasePlan | PromotionRefused:
    """The plan for a version of the model (by default the challenger), or why there can be none.

    The variants of `experiment` are that model and the project's policy with what each of them changes.
    """
    try:
        model = _passed(registry, model_version)
        if isinstance(model, PromotionRefused):
            return model
        variants = _variants(registry, params, model, _prompt_version(settings, params), experiment)
    except (ModelRegistryError, DeclarationError, PromptError) as error:
        return PromotionRefused(str(error))
    if isinstance(variants, PromotionRefused):
        return variants
    git = commit_of(settings.project, settings.git_commit)
    if git.dirty and not settings.demo:
        return PromotionRefused("the checkout has changes that are not committed; commit them, or set RECOPS_DEMO=true")
    lock = hashlib.sha256((settings.project / "requirements.lock").read_bytes()).hexdigest()[:16]
    return ReleasePlan(variants, params, git, code_digest(settings.project, SERVING_FOLDERS), lock, experiment)


def _prompt_version(settings: Settings, params: Params) -> int | None:
    """The prompt of the next release; it is pinned also where no key is set now, as one may be when the slot starts."""
    if params.llm.enabled == "off" or not params.llm.tiers:
        return None
    text = (settings.project / "prompts" / f"{PROMPT}.md").read_text()
    return PromptRegistry(settings.mlflow_url).to_serve(text).version


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


def run_promotion(
    settings: Settings,
    world: World,
    registry: ModelRegistry,
    plan: ReleasePlan,
    by: str,
    report: Callable[[str], None],
    allow_rejected: bool = False,
) -> Promoted | PromotionRefused | AlreadyLive:
    """Build the planned release and make it live, unless the live one is the same.

    A release that answers as a rejected one did is refused unless somebody asks for it.
    """
    if (live := _same_as_live(world.store, plan)) is not None:
        return live
    if not allow_rejected and (reason := _why_rejected(world.store, plan)) is not None:
        return PromotionRefused(reason)

    def build(release_id: str, parent_id: str | None) -> Release:
        return build_release(settings, registry, plan, release_id, parent_id, by)

    def examine(release: Release) -> tuple[ReleaseCheck, ...]:
        said = json.loads(plan.model.tags.get(GATE_CHECKS_TAG, "[]"))
        data_at = _taken_in(settings, plan.model.data_version)
        return examine_release(settings, plan.params, release, said, data_at, time.time())

    limits = plan.params.promotion
    return promote(world, Making(build, examine), by, limits_of(limits), limits.canary, report)


def limits_of(promotion: PromotionConfig) -> Limits:
    """The time limits in the parameters."""
    return Limits(promotion.lease_seconds, promotion.ready_timeout_seconds, promotion.smoke_timeout_seconds)


def examine_release(
    settings: Settings,
    params: Params,
    release: Release,
    said_of_model: Sequence[str],
    data_at: float | None,
    now: float,
) -> tuple[ReleaseCheck, ...]:
    """What the gate finds in a built release, before anything is started.

    `said_of_model` is what the gate of the model said after training, `data_at` when its data was taken in.
    """
    package, limits = bento_folder(settings, release.bento_tag), params.promotion.gate
    damaged = damage_of(package, release.summary["bento_md5"])
    found = ReleaseFindings(
        damaged=damaged,
        start=None if damaged else start_clean(package, limits.start_timeout_seconds),
        size_mb=size_mb(package) if package.is_dir() else 0.0,
        data_at=data_at,
        said_of_model=tuple(said_of_model),
    )
    return judge_release(found, params.index.min_recall, limits, now)


def build_release(
    settings: Settings, registry: ModelRegistry, plan: ReleasePlan, release_id: str, parent_id: str | None, by: str
) -> Release:
    """Fetch the registered bundle of each variant, hold it against its md5, and build the Bento.

    Raises:
        StepFailed: MLflow does not give the bundle, its bytes differ from those registered, or the build fails.
    """
    from bentos.build import BentoBuildError, build_bento

    release = plan.release(release_id, parent_id, by, f"recops:{release_id}", time.time())
    settings.root.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="bundle-", dir=settings.root) as scratch:
            models = {variant.model.version: variant.model for variant in plan.variants}
            bundles = {version: Path(scratch) / f"bundle-{version}" for version in models}
            for version, bundle in bundles.items():
                registry.download_bundle(models[version], bundle)
            bento = build_bento(settings, bundles, release, _prompt_texts(settings, plan))
    except (ModelRegistryError, BentoBuildError, OSError) as error:
        raise StepFailed(f"build: {error}") from error
    return replace(release, summary={**release.summary, "bento_md5": bento.md5})


def _taken_in(settings: Settings, tag: str) -> float | None:
    """When this data version was made (seconds since 1970)."""
    from components.adapters.dvc.data_registry import DataRegistry, DataRegistryError

    try:
        return DataRegistry(settings).find(tag).created.timestamp()
    except DataRegistryError:
        return None


def _why_rejected(store: ReleaseStore, plan: ReleasePlan) -> str | None:
    recipe = plan.release("", None, "", "", 0.0).recipe()
    for release, reason in store.rejected():
        if release.recipe() == recipe:
            return (
                f"{release.release_id}, which answers alike, was rejected: {reason}; "
                "promote it all the same with the parameter allow_rejected=true"
            )
    return None


def _prompt_texts(settings: Settings, plan: ReleasePlan) -> dict[int, str]:
    texts = {}
    for number in {variant.prompt_version for variant in plan.variants} - {None}:
        found = PromptRegistry(settings.mlflow_url).version(number)
        if found is None:
            raise StepFailed(f"build: the prompt {PROMPT} has no version {number}; see `recops prompts list`")
        texts[number] = found.text
    return texts


def _same_as_live(store: ReleaseStore, plan: ReleasePlan) -> AlreadyLive | None:
    state = store.routing()
    if state.live_release is None or state.live_slot is None:
        return None
    live = store.release(state.live_release)
    planned = plan.release("", None, "", "", 0.0)
    return AlreadyLive(live.release_id, state.live_slot) if live.recipe() == planned.recipe() else None
