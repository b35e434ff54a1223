"""Builds a planned release as a Bento, and finds what the gate wants to know of it before anything is started."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from components.adapters.mlflow.registry import ModelRegistryError
from components.adapters.slots.bento_files import damage_of, size_mb
from components.adapters.slots.clean_start import start_clean
from components.params.params import Params
from components.reranking.prompt import PROMPT
from components.rollout.ports import StepFailed
from components.rollout.release import Release
from components.rollout.release_gate import ReleaseCheck, ReleaseFindings, judge_release
from jobs.access.seal_bundles import seal_bento, why_not_ours
from jobs.promotion.plan import ReleasePlan
from jobs.wiring.workbench import Workbench

if TYPE_CHECKING:
    from components.adapters.mlflow.prompts import PromptRegistry


def examine_release(
    package: Path,
    params: Params,
    release: Release,
    said_of_model: Sequence[str],
    data_at: float | None,
    now: float,
) -> tuple[ReleaseCheck, ...]:
    """What the gate finds in a built release, before anything is started.

    `package` is its Bento's folder, `said_of_model` what the gate of the model said after training, `data_at` when its
    data was taken in.
    """
    limits = params.promotion.gate
    damaged = damage_of(package, release.summary["bento_md5"])
    found = ReleaseFindings(
        damaged=damaged,
        start=None if damaged else start_clean(package, limits.start_timeout_seconds),
        size_mb=size_mb(package) if package.is_dir() else 0.0,
        data_at=data_at,
        said_of_model=tuple(said_of_model),
    )
    return judge_release(found, params.index.min_recall, limits, now)


def build_release(bench: Workbench, plan: ReleasePlan, release_id: str, parent_id: str | None, by: str) -> Release:
    """Fetch the registered bundle of each variant, hold it against its seal, build the Bento and seal that too.

    Raises:
        StepFailed: MLflow does not give the bundle, its bytes differ from those sealed, or the build fails.
    """
    from bentos.build import BentoBuildError, build_bento

    release = plan.release(release_id, parent_id, by, f"recops:{release_id}", time.time())
    root = bench.settings.root
    root.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="bundle-", dir=root) as scratch:
            models = {variant.model.version: variant.model for variant in plan.variants}
            bundles = {version: Path(scratch) / f"bundle-{version}" for version in models}
            for version, bundle in bundles.items():
                bench.models.download_bundle(models[version], bundle)
                if (broken := why_not_ours(bench, models[version].bundle_md5, bundle)) is not None:
                    raise StepFailed(f"build: the bundle of {models[version].uri} is refused: {broken}")
            bento = build_bento(bench.settings, bundles, release, _prompt_texts(bench.prompts, plan))
    except (ModelRegistryError, BentoBuildError, OSError) as error:
        raise StepFailed(f"build: {error}") from error
    seal_bento(bench, bento.md5, bento.path)
    return replace(release, summary={**release.summary, "bento_md5": bento.md5})


def _prompt_texts(registry: PromptRegistry, plan: ReleasePlan) -> dict[int, str]:
    texts: dict[int, str] = {}
    for number in {variant.prompt_version for variant in plan.variants if variant.prompt_version is not None}:
        found = registry.version(number)
        if found is None:
            raise StepFailed(f"build: the prompt {PROMPT} has no version {number}; see `recops prompts list`")
        texts[number] = found.text
    return texts
