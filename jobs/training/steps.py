"""The steps of a retraining, each a plain function; jobs/training/retrain.py puts them in order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from components.adapters.dvc.code_digest import code_digest
from components.adapters.dvc.data_registry import DataRegistry, DataVersion
from components.adapters.dvc.pipeline_repository import BUNDLE, PipelineRepository, PipelineRun, PipelineUnchanged
from components.adapters.machine.git_state import commit_of
from components.adapters.machine.url_redaction import without_userinfo
from components.config.settings import Settings
from components.params.overrides import OverrideError, with_overrides, with_preset
from components.params.params import Params
from components.rollout.gate import GateRefused, Passed, UserScores, judge_model
from jobs.access.seal_bundles import seal_bundle
from jobs.wiring.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from components.adapters.mlflow.load_test import LoadTest
    from components.adapters.mlflow.registry import ModelRegistry, ModelVersion
    from jobs.training.champion import Rescored

NO_PRESET = "none"
EVALUATION = "artifacts/evaluate"
SPLIT = ("artifacts/prepared", "artifacts/split")
GATE_TAG, GATE_RUN_TAG, GATE_REASON_TAG = "gate", "gate_run", "gate_reason"
"""Tags of a model version: passed or refused, the pipeline run that was judged, and why it was refused."""
GATE_CHECKS_TAG = "gate_checks"
"""What the gate said of a version that it passed: a list of sentences, kept with each of its releases."""


class TrainingError(Exception):
    """The retraining cannot be done as asked; the message says what to change."""


def ingest_events(bench: Workbench, log: Callable[[str], None]) -> None:
    """Adds what the event store has gained to the newest data version, if there is one yet.

    Raises:
        components.interactions.source.SourceError, DataRegistryError: the store or the version cannot be read.
    """
    from components.adapters.dvc.data_registry import VersionAdded
    from components.interactions.event_interactions import EVENTS
    from jobs.data.ingest import IngestRequest, run_ingest

    if bench.data.latest() is None:
        return
    outcome = run_ingest(bench, IngestRequest(EVENTS), log)
    if isinstance(outcome, VersionAdded):
        log(f"{outcome.version.tag} has {outcome.version.manifest.events} interactions from our own feedback")


def find_data(registry: DataRegistry, tag: str | None) -> DataVersion:
    """The data version `tag`, by default the newest.

    Raises:
        TrainingError: there is none yet.
        components.adapters.dvc.data_registry.DataRegistryError: there is none of this name.
    """
    found = registry.latest() if tag is None else registry.find(tag)
    if found is None:
        raise TrainingError("the data registry has no version yet; run `prefect deployment run ingest/default` first")
    return found


def make_params(
    bench: Workbench,
    data_version: str,
    overrides: Mapping[str, Any],
    preset: str | None = None,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> Params:
    """The project's parameters with a preset, `overrides` (by dotted path), data version and code digest put in.

    `preset` None means that of the settings, and `none` params.yaml as it is. `options` are those that the data version
    was ingested with, which its feedback is read by as well.

    Raises:
        TrainingError: an override names no parameter, or has a wrong value.
        components.adapters.files.params_file.ParamsError: params.yaml or the preset is missing or wrong.
    """
    from components.interactions.source import SourceError
    from jobs.data.ingest import with_options

    own = {"data.version": data_version, "data.choice_of": None, "code.digest": code_digest(bench.settings.project)}
    for path in own.keys() & overrides.keys():
        raise TrainingError(f"override {path!r}: the flow sets it itself")
    params, name = bench.params, preset or bench.settings.train_preset or NO_PRESET
    try:
        if name != NO_PRESET:
            params = with_preset(params, bench.read_preset(name))
        params = params.model_copy(update={"ingest": with_options(params.ingest, options)})
        return with_overrides(params, {**overrides, **own})
    except SourceError as error:
        raise TrainingError(f"{data_version} was ingested with what is no option any more: {error}") from error
    except OverrideError as error:
        raise TrainingError(f"override {error}") from error


def run_pipeline(
    pipeline: PipelineRepository, params: Params, log: Callable[[str], None]
) -> PipelineRun | PipelineUnchanged:
    """Stages run where something changed; see PipelineRepository.run."""
    return pipeline.run(params, log)


def register_model(bench: Workbench, run: PipelineRun, data: DataVersion, folder: Path) -> ModelVersion:
    """Brings the bundle and the evaluation of `run` into `folder`, draws the pictures, logs and registers."""
    from components.adapters.mlflow.plots import draw_pictures
    from components.adapters.mlflow.run import TrainingRecord

    for path in (BUNDLE, EVALUATION):
        bench.pipeline.export(run, path, folder / path)
    subject = f"{run.params.train.recommender.kind} on {data.tag}"
    draw_pictures(folder / EVALUATION, folder / "pictures", run.params.evaluate, subject)
    record = TrainingRecord(
        run=run,
        bundle=folder / BUNDLE,
        pictures=folder / "pictures",
        project=commit_of(bench.settings.project, bench.settings.git_commit),
        data_source=registry_address(bench.settings),
        data_md5=data.md5,
        data_metrics={
            "n_own_feedback": float(data.manifest.events),
            "n_own_impressions": float(data.manifest.own_impressions),
            "own_impression_share": data.manifest.own_share,
        },
    )
    seal_bundle(bench, run.bundle_md5, folder / BUNDLE)
    return bench.models.register(record)


def seal_former(bench: Workbench, run: PipelineRun, folder: Path) -> None:
    """Seals the bundle of a run from before bundles were sealed, from DVC's bytes."""
    if bench.store.seals.find(run.bundle_md5) is None:
        bench.pipeline.export(run, BUNDLE, folder / BUNDLE)
        seal_bundle(bench, run.bundle_md5, folder / BUNDLE)


def registry_address(settings: Settings) -> str:
    """Where the data registry is, as it may be shown: without a password."""
    if settings.data_registry_url is None:
        return str(settings.registry_folder)
    return without_userinfo(settings.data_registry_url.get_secret_value())


def load_model(test: LoadTest, version: ModelVersion) -> int:
    """Loads the registered model in a clean process; returns how many of its answers were compared."""
    return test.load(version.uri)


def score_champion(bench: Workbench, run: PipelineRun, folder: Path) -> Rescored | None:
    """The champion's recipe on the split of `run`, None when there is no champion; see jobs/training/champion.py."""
    from components.adapters.mlflow.registry import CHAMPION, RecipeError
    from jobs.training.champion import Rescored, rescore

    champion = bench.models.version_with_alias(CHAMPION)
    if champion is None:
        return None
    try:
        recipe = bench.models.recipe_of(champion)
    except RecipeError as error:
        return Rescored(None, f"not compared with the champion, version {champion.version}: {error}")
    if recipe == run.params.train:
        return Rescored(folder / EVALUATION, f"the champion, version {champion.version}, has the same recipe")
    for path in SPLIT:
        bench.pipeline.export(run, path, folder / "champion" / path)
    data = run.params.data.model_copy(update={"choice_of": None})
    rescore(bench.settings, run.params.model_copy(update={"train": recipe, "data": data}), folder / "champion")
    note = f"the champion, version {champion.version}, was trained and tested again on this split"
    return Rescored(folder / "champion" / EVALUATION, note)


def judge(run: PipelineRun, evaluation: Path, champion: Path | None) -> Passed | GateRefused:
    """The gate's verdict from the tables per user in `evaluation` and, if there is a champion, in `champion`.

    Raises:
        TrainingError: the gate's metric is not measured for both the model and popularity.
    """
    import pandas as pd

    metric = run.params.gate.metric
    mine = pd.read_parquet(evaluation / "per_user.parquet").set_index("user_id")
    if not {metric, f"popularity_{metric}"} <= set(mine.columns):
        known = ", ".join(name for name in mine.columns if f"popularity_{name}" in mine.columns)
        raise TrainingError(f"gate.metric {metric!r} is not measured beside popularity's; there is {known}")
    scores = UserScores(mine[metric].to_numpy(), mine[f"popularity_{metric}"].to_numpy(), None)
    if champion is not None:
        theirs = pd.read_parquet(champion / "per_user.parquet").set_index("user_id")
        scores = UserScores(
            scores.challenger,
            scores.popularity,
            theirs.loc[mine.index, metric].to_numpy(),
            cold=~mine["warm"].to_numpy(bool),
            replayed=_replayed(evaluation, champion),
            coverage=(_coverage(evaluation), _coverage(champion)),
        )
    index = run.params.index
    approximate = run.metrics.get("index_annoy_chosen", 0) == 1
    recall = run.metrics.get(f"index_recall_at_{index.recall_at}", float("nan")) if approximate else 1.0
    return judge_model(scores, recall, index.min_recall, run.params.gate, run.params.evaluate)


def _replayed(challenger: Path, champion: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """NDCG of the users whom both answered as if little were known of them; None where one replayed nobody."""
    import pandas as pd

    from components.metrics.tables import of_strangers

    files = [folder / "by_history.parquet" for folder in (challenger, champion)]
    if not all(file.is_file() for file in files):
        return None
    mine, theirs = (of_strangers(pd.read_parquet(file))["ndcg"] for file in files)
    both = mine.index.intersection(theirs.index)
    return mine[both].to_numpy(), theirs[both].to_numpy()


def _coverage(evaluation: Path) -> float:
    """Share of the items that anybody was recommended."""
    import pandas as pd

    return float((pd.read_parquet(evaluation / "item_exposure.parquet")["recommended"] > 0).mean())


def settle(registry: ModelRegistry, run: PipelineRun, version: ModelVersion, verdict: Passed | GateRefused) -> None:
    """Writes the verdict on the version, and lets `challenger` name it when it passed, and never when it was refused.

    The tag that says which run was judged comes last, so that a retraining killed before it is taken up again.
    """
    from components.adapters.mlflow.registry import CHALLENGER

    if isinstance(verdict, Passed):
        said = json.dumps([check.explanation for check in verdict.checks])
        registry.set_tags(version.version, {GATE_TAG: "passed", GATE_REASON_TAG: "", GATE_CHECKS_TAG: said})
        registry.set_alias(CHALLENGER, version.version)
    else:
        registry.drop_alias(CHALLENGER, version.version)
        registry.set_tags(version.version, {GATE_TAG: "refused", GATE_REASON_TAG: verdict.reason})
    registry.set_tags(version.version, {GATE_RUN_TAG: run.tag})
