"""How well users whom training does not know are answered from their last few interactions.

Run it with `python -m benchmarks.fold_in [--full] [--json]`. A third of the users of the demo's MovieLens at a time is
taken out of the training data; of what they did before the cut (all but their last 20 %), the last 1, 2, 4, 8 or all
interactions are given at request time, and the whole catalogue is ranked for what they liked after it. A user whose
interactions hold no like gets the popular items, as in the service. "trained with them" is LightFM trained on the given
interactions too, which is what a retrain would buy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.report import Report, Row, report_main
from components.adapters.files.params_file import read_params
from components.adapters.sources.movielens import MovieLensSource
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.metrics.ranking import ndcg
from components.params.params import Params
from components.recommenders.ease import Ease, EaseConfig
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.fold_in import FoldsIn, RecentHistory, blended_scores
from components.recommenders.item_to_item import ItemToItem, ItemToItemConfig
from components.recommenders.lightfm_warp import LightFMConfig, LightFMWarp
from components.recommenders.protocol import Scores, TrainingData
from components.recommenders.session import Session, SessionConfig
from components.recommenders.training_data import training_data
from components.splitting.temporal import split_per_user

K = 10
GIVEN = (1, 2, 4, 8, 10_000)
FOLDS = 3
Way = Callable[[RecentHistory], Scores]


def run(full: bool) -> Report:
    """All three thirds of the users with `full`, else one."""
    params = read_params(Path(__file__).parents[1] / "params.yaml")
    screened = screen(MovieLensSource().read(), params.ingest)
    prepared = prepare(screened.interactions, screened.items, screened.users, params.prepare.positive_threshold)
    parts = split_per_user(prepared.interactions, params.split.test_share)
    test = training_data(parts.test, prepared.items, prepared.users)
    users = np.random.default_rng(0).permutation(prepared.users["user_id"].to_numpy())
    found: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for fold in range(FOLDS if full else 1):
        new = parts.train["user_id"].isin(users[fold::FOLDS])
        known = training_data(parts.train[~new], prepared.items, prepared.users)
        popular, ways = _ways(params, known)
        for given in GIVEN:
            recent = parts.train[new].groupby("user_id").tail(given)
            more = training_data(pd.concat([parts.train[~new], recent]), prepared.items, prepared.users)
            retrained = LightFMWarp(LightFMConfig()).fit(more, params.train.seed)
            for user_id, events in recent.groupby("user_id"):
                user, news = known.user_ids.index(user_id), _news(known, events)
                targets = np.setdiff1d(test.positives[[user]].indices, news.seen)
                if not len(targets):
                    continue
                lists = {name: way(news) if len(news.liked) else popular for name, way in ways.items()}
                lists |= {"popularity": popular, "lightfm trained with them": retrained.scores(np.array([user]))[0]}
                for name, scores in lists.items():
                    hits = np.isin(top_k_of_scores(scores, K, news.seen).items, targets)
                    found[name][given].append(float(ndcg(hits[None], np.array([len(targets)]))[0]))
    rows: list[Row] = [
        {"answered by": name, **{_column(given): round(float(np.mean(values[given])), 4) for given in GIVEN}}
        for name, values in sorted(found.items(), key=lambda pair: np.mean(pair[1][4]))
    ]
    return Report(f"NDCG@{K} of {len(found['popularity'][GIVEN[0]])} new users by interactions given", rows)


def _ways(params: Params, known: TrainingData) -> tuple[Scores, dict[str, Way]]:
    """Popularity, and each way of folding in, trained on the known users."""
    seed = params.train.seed
    models: dict[str, FoldsIn] = {
        "lightfm": LightFMWarp(LightFMConfig()).fit(known, seed),
        "ease": Ease(EaseConfig()).fit(known, seed),
        "item_to_item": ItemToItem(ItemToItemConfig()).fit(known, seed),
        "session": Session(SessionConfig()).fit(known, seed),
    }
    popular = np.asarray(known.positives.sum(axis=0), np.float32).ravel()
    ways: dict[str, Way] = {name: model.scores_from for name, model in models.items()}
    ways["session, disliked items too"] = lambda news: models["session"].scores_from(
        RecentHistory(news.seen, news.seen)
    )
    for names in (("ease", "session"), ("ease", "lightfm"), ("ease", "session", "item_to_item", "lightfm")):
        ways[" + ".join(names)] = lambda news, names=names: blended_scores(
            [models[name].scores_from(news) for name in names]
        )
    return popular, ways


def _news(known: TrainingData, events: pd.DataFrame) -> RecentHistory:
    row_of = {item: row for row, item in enumerate(known.item_ids)}
    seen = np.array([row_of[item] for item in events["item_id"]], np.int32)
    return RecentHistory(seen, seen[events["relevant"].to_numpy()])


def _column(given: int) -> str:
    return "all" if given == GIVEN[-1] else f"last {given}"


if __name__ == "__main__":
    report_main(__doc__, run)
