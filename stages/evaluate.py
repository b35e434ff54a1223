"""Stage 5: scores the trained recommender and popularity on the test part."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.interactions.event_interactions import dislike_value, weights_of_events
from components.metrics import plot_data, tables
from components.metrics.evaluate import EvaluationError
from components.metrics.evaluate import evaluate as evaluate_recommender
from components.metrics.summary import summarise
from components.params.params import Params
from components.ranking.fitted_pipeline import FittedPipeline, load_model
from components.ranking.pipeline import PipelineConfig
from components.ranking.pipeline_choice import load_choice
from components.recommenders.protocol import FittedRecommender, RecommenderError, TrainingData
from components.recommenders.training_data import training_data
from components.routing.confidence import (
    N_FEATURES,
    TOP,
    Confidence,
    calibration_error,
    cross_fitted,
    features_of,
    fit_confidence,
)
from components.serving.bundle import Bundle, BundleManifest
from components.serving.replay_histories import replay, sample_users
from components.serving.request_path import RequestPath
from stages.catalogue import catalogue
from stages.stage import (
    CHOICE,
    CONFIDENCE,
    EVALUATE,
    METRICS,
    PLOTS,
    PREPARED,
    SPLIT,
    TRAIN,
    at_once,
    read_table,
    run_stage,
    write_json,
    write_table,
)

MAX_USERS = 20_000
"""Whose rankings the confidence is fitted on."""
REPLAYED_IN = 4
"""Parts, at once where there are processors for it."""


def evaluate(params: Params) -> str:
    """metrics/evaluate.json holds the numbers, artifacts/evaluate and plots the tables behind them."""
    items, users = read_table(PREPARED, "items"), read_table(PREPARED, "users")
    repeats = params.routing.repeats
    train = training_data(read_table(SPLIT, "train"), items, users, repeats=repeats)
    test = training_data(read_table(SPLIT, "test"), items, users, repeats=repeats)
    config, threshold = params.evaluate, params.routing.cold_start_threshold
    model, popularity = (
        evaluate_recommender(load_model(TRAIN / name), train.seen, test.positives, config.k, train.barred)
        for name in (params.train.recommender.kind, "popularity")
    )
    n_interactions = train.seen.sum(axis=0).astype(int)
    numbers = summarise(model, popularity, n_interactions, len(users), threshold, config)
    by_history = replay_histories(params, train, test, items)
    numbers = {**numbers, **tables.numbers_by_history(by_history, config)}
    strangers = tables.of_strangers(by_history)
    cold = np.concatenate([model.ndcg[model.n_train < threshold], strangers["ndcg"]])
    numbers |= tables.cold_numbers(cold, config)
    confidence, error = measure_confidence(params, train, test)
    if error is not None:
        numbers = {**numbers, "confidence_calibration_error": error}
    write_json(METRICS / "evaluate.json", numbers)
    write_json(CONFIDENCE / "confidence.json", None if confidence is None else asdict(confidence))

    per_user = tables.per_user(model, popularity, train.user_ids, threshold)
    per_place = tables.per_place(model, train.user_ids, train.item_ids)
    per_item = tables.per_item(model, items, n_interactions)
    write_table(EVALUATE, "per_user", per_user)
    write_table(EVALUATE, "by_history", by_history)
    write_table(EVALUATE, "scores", per_place)
    write_table(EVALUATE, "item_exposure", per_item)
    ranker = load_choice(CHOICE).ranker if isinstance(params.train.recommender, PipelineConfig) else None
    if ranker:
        write_table(EVALUATE, "feature_importances", tables.per_feature(ranker.importances))
    PLOTS.mkdir(exist_ok=True)
    ndcg = f"ndcg_at_{config.k}"
    by_activity = plot_data.quality_by_activity(per_user, ndcg, f"popularity_{ndcg}")
    # The plots of dvc.yaml name their columns, which must not change with k.
    by_activity.columns = ["n_train", "users", "ndcg", "popularity_ndcg"]
    by_activity.to_csv(PLOTS / "quality_by_activity.csv", index=False)
    plot_data.quality_by_history(by_history).to_csv(PLOTS / "quality_by_history.csv", index=False)
    plot_data.coverage_curve(per_item["recommended"].to_numpy()).to_csv(PLOTS / "coverage.csv", index=False)
    plot_data.score_distribution(per_place).to_csv(PLOTS / "score_distribution.csv", index=False)
    interval = f"[{numbers[f'{ndcg}_low']:.4f}, {numbers[f'{ndcg}_high']:.4f}]"
    return f"{ndcg} {numbers[ndcg]:.4f} {interval}, popularity {numbers[f'popularity_{ndcg}']:.4f}"


def replay_histories(params: Params, train: TrainingData, test: TrainingData, items: pd.DataFrame) -> pd.DataFrame:
    """A row per user and number of interactions, answered by the request path over the models of the train part."""
    kind = params.train.recommender.kind
    recommenders: dict[str, FittedRecommender] = {
        kind: load_model(TRAIN / kind),
        "popularity": load_model(TRAIN / "popularity"),
        params.train.content.kind: params.train.content.build().fit(train, params.train.seed),
    }
    beside = [] if isinstance(recommenders[kind], FittedPipeline) else params.train.fold_in
    for entry in beside:
        if entry.kind not in recommenders:
            try:
                recommenders[entry.kind] = entry.build().fit(train, params.train.seed)
            except RecommenderError as error:
                print(f"the replay does without {entry.kind}: {error}", file=sys.stderr)
    manifest = BundleManifest(
        data_version="",
        recommender=kind,
        ingredients_digest="",
        positive_threshold=params.prepare.positive_threshold,
        like_value=params.ingest.implicit_value,
        dislike_value=dislike_value(params.ingest),
        lowest_rating=params.ingest.min_value,
        highest_rating=params.ingest.max_value,
        weights=weights_of_events(params.ingest),
    )
    bundle = Bundle(manifest, catalogue(items), train.user_ids, train.seen, recommenders, barred=train.barred)
    path = RequestPath(bundle, params.routing, "", "", "")
    users = sample_users(train, test, params.evaluate.replayed_users, params.evaluate.seed)
    parts = [part.tolist() for part in np.array_split(users, REPLAYED_IN)]
    found = at_once()([partial(replay, path, train, test, part, params.evaluate.k) for part in parts])
    return tables.by_history([asdict(each) for part in found for each in part], train.user_ids)


def measure_confidence(
    params: Params, train: TrainingData, test: TrainingData
) -> tuple[Confidence | None, float | None]:
    """How likely the best ten hold a hit, as a curve, and how far it is off for users whom it was not fitted on.

    An output of its own, as the bundle needs it: knobs of the evaluation alone change nothing about it.
    """
    recommender = load_model(TRAIN / params.train.recommender.kind)
    users = np.flatnonzero(np.diff(test.positives.indptr))
    users = users[:: max(len(users) // MAX_USERS, 1)]
    barred = train.barred
    features, hit = np.zeros((len(users), N_FEATURES)), np.zeros(len(users), np.bool_)
    for place, user in enumerate(users.tolist()):
        ranking = recommender.top_k(user, params.routing.candidates, _items(barred, user))
        features[place] = features_of(ranking.scores, len(_items(train.seen, user)))
        hit[place] = np.isin(ranking.items[:TOP], _items(test.positives, user)).any()
    chances = cross_fitted(features, hit, params.evaluate.seed)
    return fit_confidence(features, hit), None if chances is None else calibration_error(chances, hit)


def read_confidence() -> Confidence | None:
    """What this stage wrote."""
    values = json.loads((CONFIDENCE / "confidence.json").read_text())
    return None if values is None else Confidence(tuple(values["weights"]))


def _items(matrix: csr_array, user: int) -> NDArray[np.int32]:
    items: NDArray[np.int32] = matrix.indices[matrix.indptr[user] : matrix.indptr[user + 1]]
    return items


if __name__ == "__main__":
    run_stage(evaluate, EvaluationError, RecommenderError)
