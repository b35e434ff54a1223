"""How well the service answers a history that training did not know, beside a model trained with it.

Run it with `python -m benchmarks.served_against_trained [--full] [--json]`. Of MovieLens, cut per user by time (the
last 20 % of each user are the test part), 200 users with at least 20 training interactions are asked.

unchanged: answered as known users without anything new; trained is what `evaluate` measures.
changed n: the first n interactions of the test part are told to the service; trained knows them. What counts is what
the user liked after these.
stranger n: served is a model that never saw the 200 users, told their latest n interactions; trained knows these n.
Removed interactions are left out of the lists.

Both ways have the same recipe and seed. With `--full` a retraining chooses and learns its ranker anew, otherwise it
keeps the ranker and trains the generators, which takes a fraction of the time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.cold_users import N_USERS, PROJECT, cold_users, without
from benchmarks.report import Report, Row, report_main
from components.adapters.files.params_file import read_params
from components.adapters.sources.movielens import MovieLensSource
from components.config.settings import Settings
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.metrics.bootstrap import paired_difference
from components.metrics.ranking import ndcg
from components.params.params import Params
from components.ranking.fitted_pipeline import FittedPipeline
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.ranking.pipeline_choice import Choice
from components.recommenders.events import events_of, with_events
from components.recommenders.history import Histories, History
from components.recommenders.protocol import Events, TrainingData
from components.recommenders.training_data import training_data
from components.splitting.temporal import split
from jobs.training.steps import make_params
from jobs.wiring.workbench import Workbench

K = 10
STRANGERS, CHANGED = (1, 2, 4), (1, 2, 4, 8)
Values = NDArray[np.float64]


def run(full: bool) -> Report:
    """One row per kind of user and number of interactions."""
    params = make_params(Workbench(Settings(project=PROJECT)), "data-v1", {}, "demo")
    train, test = parts(read_params(PROJECT / "params.yaml"))
    users = cold_users(train, test.positives)
    wanted = [np.setdiff1d(test.positives[[user]].indices, train.seen[[user]].indices) for user in users.tolist()]
    base = fitted(params, train, None)
    keep = None if full else base.choice
    before, after = (Histories(events_of(data), len(data.user_ids)) for data in (train, test))
    rows: list[Row] = [
        row(
            "unchanged",
            0,
            asked(base, [before.of(user) for user in users.tolist()], [], wanted),
            listed(base, users, wanted),
            params,
        )
    ]
    for n in CHANGED:
        told = [after.of(user).first(n) for user in users.tolist()]
        left = [np.setdiff1d(items, each.met) for items, each in zip(wanted, told, strict=True)]
        now = [joined(before.of(user), each) for user, each in zip(users.tolist(), told, strict=True)]
        retrained = fitted(params, with_more(train, users, told), keep)
        rows.append(row("changed", n, asked(base, now, [], left), listed(retrained, users, left), params))
    strangers = fitted(params, without(train, users, 0), keep)
    away = [before.of(user).met for user in users.tolist()]
    for n in STRANGERS:
        kept = [before.of(user).last(n) for user in users.tolist()]
        retrained = fitted(params, without(train, users, n), keep)
        rows.append(
            row("stranger", n, asked(strangers, kept, away, wanted), asked(retrained, kept, away, wanted), params)
        )
    note = "chooses and learns its ranker anew" if full else "keeps the ranker that the served model has learnt"
    return Report(f"NDCG@{K} of {N_USERS} users, served against trained", rows, (f"Trained {note}.",))


def parts(params: Params) -> tuple[TrainingData, TrainingData]:
    """MovieLens as training and test part."""
    screened = screen(MovieLensSource().read(), params.ingest)
    prepared = prepare(screened.interactions, screened.items, screened.users, params.prepare.positive_threshold)
    cut = split(prepared.interactions, params.split.protocol, params.split.test_share)
    train, test = (training_data(table, prepared.items, prepared.users) for table in (cut.train, cut.test))
    return train, test


def fitted(params: Params, data: TrainingData, choice: Choice | None) -> FittedPipeline:
    """The pipeline of the demo's preset."""
    config = params.train.recommender
    assert isinstance(config, PipelineConfig)
    return Pipeline(config).fit_reported(data, params.train.seed, choice).served


def with_more(train: TrainingData, users: NDArray[np.int64], told: list[History]) -> TrainingData:
    """`train` as if `users` had done what they were `told` of as well."""
    events = events_of(train)
    rows = np.repeat(users, [len(each) for each in told]).astype(np.int32)
    columns = [
        (events.users, rows),
        (events.items, np.concatenate([each.items for each in told])),
        (events.values, np.concatenate([each.values for each in told])),
        (events.liked, np.concatenate([each.liked for each in told])),
        (events.seconds, np.concatenate([each.seconds for each in told])),
    ]
    whole = Events(*(np.concatenate(pair) for pair in columns))
    order = np.lexsort((np.arange(len(whole)), whole.seconds, whole.users))
    return with_events(train, Events(*(column[order] for column in _columns(whole))))


def joined(first: History, second: History) -> History:
    """One after the other."""
    pairs = zip(_parts(first), _parts(second), strict=True)
    return History(*(np.concatenate(pair) for pair in pairs))


def asked(
    pipeline: FittedPipeline, histories: list[History], away: list[NDArray[np.int32]], wanted: list[NDArray[np.int32]]
) -> Values:
    """NDCG of each history, answered as the service answers; NaN where nothing is wanted."""
    values = []
    for place, (history, items) in enumerate(zip(histories, wanted, strict=True)):
        hidden = np.setdiff1d(away[place], history.met) if away else np.empty(0, np.int32)
        values.append(_ndcg(pipeline.rank(history, hidden).ranking.items[:K], items))
    return np.array(values)


def listed(pipeline: FittedPipeline, users: NDArray[np.int64], wanted: list[NDArray[np.int32]]) -> Values:
    """NDCG of the lists that training made; NaN where nothing is wanted."""
    pairs = zip(users.tolist(), wanted, strict=True)
    return np.array([_ndcg(pipeline.kept(user).ranking.items[:K], items) for user, items in pairs])


def row(group: str, n: int, served: Values, trained: Values, params: Params) -> Row:
    """Means, their ratio, and the interval of the mean difference."""
    both = ~np.isnan(served)
    served, trained, config = served[both], trained[both], params.evaluate
    rng = np.random.default_rng(config.seed)
    gap = paired_difference(served, trained, rng, config.bootstrap_samples, config.confidence)
    return {
        "users": group,
        "interactions": n,
        "asked": len(served),
        "served": round(float(served.mean()), 4),
        "trained": round(float(trained.mean()), 4),
        "ratio": round(float(served.mean() / trained.mean()), 3),
        "difference": f"{gap.low:+.4f} to {gap.high:+.4f}",
    }


def _ndcg(shown: NDArray[np.integer], wanted: NDArray[np.int32]) -> float:
    if not len(wanted):
        return float("nan")
    hits = np.zeros(K, np.bool_)
    hits[: len(shown)] = np.isin(shown, wanted)
    return float(ndcg(hits[None], np.array([len(wanted)]))[0])


def _columns(events: Events) -> tuple[NDArray[np.generic], ...]:
    return events.users, events.items, events.values, events.liked, events.seconds


def _parts(history: History) -> tuple[NDArray[np.generic], ...]:
    return history.items, history.values, history.liked, history.seconds


if __name__ == "__main__":
    report_main(__doc__, run)
