"""Stage 6: refits on all prepared data with the same recipe, and writes the bundle that is served."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.interactions.event_interactions import dislike_value, weights_of_events
from components.params.params import Params
from components.ranking.fitted_pipeline import FittedPipeline
from components.ranking.newcomers import popularity_of
from components.ranking.pipeline import Pipeline
from components.ranking.pipeline_choice import load_choice
from components.recommenders.content import FittedContent
from components.recommenders.events import events_of
from components.recommenders.factors import FittedFactors
from components.recommenders.protocol import FittedRecommender, Recommender, RecommenderError, TrainingData
from components.recommenders.training_data import training_data
from components.retrieval.choice import IndexRefused, build_checked_index, sample_rows
from components.serving.bundle import (
    Bundle,
    BundleError,
    BundleManifest,
    CandidateIndex,
    read_bundle,
    record_expected_answers,
)
from components.serving.bundle import write_bundle as write
from components.serving.expected_answers import expected_answers, sample_users
from components.situation.lifts import learn_lifts
from stages.catalogue import catalogue
from stages.evaluate import read_confidence
from stages.stage import (
    BUNDLE,
    CHOICE,
    INDEX,
    PREPARED,
    find_item_vectors,
    pipeline_at_once,
    read_table,
    run_stage,
    with_item_vectors,
)

K = 10
RECENT_ITEMS = 20
"""Of each user, for the prompts of language models; more would only be read past."""
INGREDIENTS: dict[str, Any] = {
    **dict.fromkeys(("prepare", "train", "index", "bundle"), True),
    "ingest": {"implicit_value", "max_value", "min_value", "weights"},
    "routing": {
        **dict.fromkeys(("candidates", "cold_start_threshold", "diversity", "fold_in", "repeats"), True),
        "situation": {"utc_offset_hours"},
    },
}
"""What of params makes a difference to the bundle, as dvc.yaml states it too."""


def bundle(params: Params) -> str:
    """artifacts/bundle is the folder that `read_bundle` reads."""
    items = read_table(PREPARED, "items")
    interactions, users = read_table(PREPARED, "interactions"), read_table(PREPARED, "users")
    data = with_item_vectors(
        training_data(interactions, items, users, find_item_vectors(PREPARED), params.routing.repeats), params
    )
    train, seed = params.train, params.train.seed
    primary, half_life = _refit(train.recommender.build(), data, seed)
    fitted: dict[str, FittedRecommender] = {
        "popularity": popularity_of(half_life).fit(data, seed),
        train.content.kind: train.content.build().fit(data, seed),
        train.recommender.kind: primary,
    }
    # A pipeline answers every history itself.
    beside = [] if isinstance(primary, FittedPipeline) else train.fold_in
    content = fitted[train.content.kind]
    assert isinstance(content, FittedContent)  # noqa: S101 its config has no other form
    fitted |= _fold_ins([entry.build() for entry in beside if entry.kind not in fitted], data, seed)
    shutil.rmtree(BUNDLE, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        index_file = Path(scratch) / "index.ann"
        manifest = BundleManifest(
            data_version=params.data.version,
            recommender=train.recommender.kind,
            positive_threshold=params.prepare.positive_threshold,
            like_value=params.ingest.implicit_value,
            dislike_value=dislike_value(params.ingest),
            lowest_rating=params.ingest.min_value,
            highest_rating=params.ingest.max_value,
            weights=weights_of_events(params.ingest),
            ingredients_digest=ingredients_digest(params),
            index=_index(params, primary, index_file),
        )
        contents = Bundle(
            manifest,
            catalogue(items),
            data.user_ids,
            data.seen,
            fitted,
            recent=recent_items(data),
            confidence=read_confidence(),
            barred=data.barred if data.repeats else None,
            lifts=learn_lifts(
                events_of(data), content.item_labels, content.labels, params.routing.situation.utc_offset_hours
            ),
        )
        write(BUNDLE, contents, index_file)
    # Answered from what was read back, by the code that serves.
    asked = sample_users(data.user_ids, params.bundle.sample_users)
    record_expected_answers(BUNDLE, expected_answers(read_bundle(BUNDLE), params.routing, asked, K))
    size = sum(path.stat().st_size for path in BUNDLE.rglob("*") if path.is_file())
    return f"{train.recommender.kind}, {manifest.index.kind} retrieval, {size / 1e6:.1f} MB"


def _refit(recipe: Recommender, data: TrainingData, seed: int) -> tuple[FittedRecommender, float | None]:
    """Trained on everything, and the half-life in days of the popularity that goes with it; None if it does not fade.

    A pipeline keeps what it chose and learnt on the train part, as that was evaluated.
    """
    if not isinstance(recipe, Pipeline):
        return recipe.fit(data, seed), None
    whole = pipeline_at_once(recipe, data).fit_reported(data, seed, load_choice(CHOICE))
    return whole.served, whole.choice.half_life_days


def _fold_ins(recipes: list[Recommender], data: TrainingData, seed: int) -> dict[str, FittedRecommender]:
    """What answers from new interactions; a recommender that the catalogue is too large for is left out."""
    fitted: dict[str, FittedRecommender] = {}
    for recipe in recipes:
        try:
            fitted[recipe.config.kind] = recipe.fit(data, seed)
        except RecommenderError as error:
            print(f"the bundle does without {recipe.config.kind}: {error}", file=sys.stderr)
    return fitted


def recent_items(data: TrainingData) -> NDArray[np.int32] | None:
    """`Bundle.recent`: the last `RECENT_ITEMS` of each user; None where no times are known."""
    events = data.events
    if events is None or not events.timed:
        return None
    codes = np.where(events.liked, events.items + 1, -(events.items + 1)).astype(np.int32)
    recent = np.zeros((len(data.user_ids), RECENT_ITEMS), np.int32)
    ends = np.searchsorted(events.users, np.arange(len(data.user_ids)), side="right")
    starts = np.searchsorted(events.users, np.arange(len(data.user_ids)), side="left")
    for user, (start, end) in enumerate(zip(np.maximum(starts, ends - RECENT_ITEMS), ends, strict=True)):
        recent[user, RECENT_ITEMS - (end - start) :] = codes[start:end]
    return recent


def ingredients_digest(params: Params) -> str:
    """sha256 of the parameters that make a difference to the bundle."""
    return hashlib.sha256(json.dumps(params.model_dump(include=INGREDIENTS), sort_keys=True).encode()).hexdigest()


def _index(params: Params, recommender: FittedRecommender, path: Path) -> CandidateIndex:
    """The kind that stage `index` chose; an approximate one is built anew, as the refitted factors differ."""
    kind = json.loads((INDEX / "index.json").read_text())["kind"]
    factors: object = recommender
    if isinstance(recommender, FittedPipeline):
        factors = recommender.factors_of(sample_rows(recommender.n_users, params.index))
    if kind == "exact" or not isinstance(factors, FittedFactors):
        return CandidateIndex()
    if kind == "length":
        return CandidateIndex(kind, recall=1.0)
    recall = build_checked_index(factors, params.index, path)
    return CandidateIndex("annoy", params.index.trees, params.index.search_k, recall)


if __name__ == "__main__":
    run_stage(bundle, RecommenderError, IndexRefused, BundleError)
