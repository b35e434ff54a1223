"""Makes a release of a registered model live: chooses, plans, builds, rolls it out, and lets go of what is past."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from components.adapters.dvc.data_registry import DataRegistry, DataRegistryError
from components.adapters.mlflow.registry import ModelRegistryError
from components.config.llm_presets import with_local_model
from components.params.params import Params
from components.rollout.outcomes import Promoted, PromotionRefused
from components.rollout.ports import ReleaseStore
from components.rollout.promote import Making, promote
from components.rollout.release import Release
from components.rollout.release_gate import ReleaseCheck
from jobs.experiments.choose import choose_experiment, record_served
from jobs.promotion.build import build_release, examine_release
from jobs.promotion.lease_watch import watched
from jobs.promotion.limits import limits_of
from jobs.promotion.plan import ReleasePlan, make_plan
from jobs.promotion.retention import prune
from jobs.training.steps import GATE_CHECKS_TAG
from jobs.wiring.workbench import Workbench

Report = Callable[[str], None]


@dataclass(frozen=True)
class PromotionRequest:
    """What to promote: the parameters of the flow promote, which describes them."""

    model_version: int | None = None
    experiment: str | None = None
    end_experiment: bool = False
    local_llm: bool = False
    allow_rejected: bool = False


@dataclass(frozen=True)
class AlreadyLive:
    """The live release already answers as the new one would."""

    release_id: str
    slot: str


def run_promotion(
    bench: Workbench, asked: PromotionRequest, by: str, report: Report
) -> Promoted | PromotionRefused | AlreadyLive:
    """Everything from the choice of the experiment to the removal of what nobody can go back to.

    Raises:
        NothingThereError: there is no event store yet.
    """
    bench.store.audit.note(time.time(), by, "promote", asdict(asked))
    params = bench.params
    if asked.local_llm:
        params = params.model_copy(update={"llm": with_local_model(params.llm, bench.settings.local_llm_url)})
    chosen = choose_experiment(bench, params, asked.experiment, asked.end_experiment, by)
    if isinstance(chosen, PromotionRefused):
        return chosen
    version = chosen.live_model if asked.model_version is None else asked.model_version
    plan = make_plan(bench, params, version, chosen.experiment)
    if isinstance(plan, PromotionRefused):
        return plan
    with watched():
        outcome = roll_out(bench, plan, by, report, asked.allow_rejected)
    if isinstance(outcome, Promoted):
        _let_go(bench, params, report)
    if not isinstance(outcome, PromotionRefused):
        record_served(bench.store.experiments, chosen)
    return outcome


def roll_out(
    bench: Workbench, plan: ReleasePlan, by: str, report: Report, allow_rejected: bool = False
) -> Promoted | PromotionRefused | AlreadyLive:
    """Build the planned release and make it live, unless the live one is the same.

    A release that answers as a rejected one did is refused unless somebody asks for it.
    """
    store = bench.store.releases
    if (live := _same_as_live(store, plan)) is not None:
        return live
    if not allow_rejected and (reason := _why_rejected(store, plan)) is not None:
        return PromotionRefused(reason)

    def build(release_id: str, parent_id: str | None) -> Release:
        return build_release(bench, plan, release_id, parent_id, by)

    def examine(release: Release) -> tuple[ReleaseCheck, ...]:
        said = json.loads(plan.model.tags.get(GATE_CHECKS_TAG, "[]"))
        data_at = _taken_in(bench.data, plan.model.data_version)
        return examine_release(bench.bento_folder(release.bento_tag), plan.params, release, said, data_at, time.time())

    limits = plan.params.promotion
    return promote(bench.world, Making(build, examine), by, limits_of(limits), limits.canary, report)


def _let_go(bench: Workbench, params: Params, report: Report) -> None:
    """What cannot be removed now is removed after the next promotion."""
    try:
        prune(bench, params.promotion.keep_releases, True, report)
    except (ModelRegistryError, OSError) as error:
        report(f"retention: {error}")


def _taken_in(registry: DataRegistry, tag: str) -> float | None:
    """When this data version was made (seconds since 1970)."""
    try:
        return registry.find(tag).created.timestamp()
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


def _same_as_live(store: ReleaseStore, plan: ReleasePlan) -> AlreadyLive | None:
    state = store.routing()
    if state.live_release is None or state.live_slot is None:
        return None
    live = store.release(state.live_release)
    planned = plan.release("", None, "", "", 0.0)
    return AlreadyLive(live.release_id, state.live_slot) if live.recipe() == planned.recipe() else None
