"""How well the service answers a history that training did not know, beside a model trained with it.

Run it with `python -m benchmarks.served_against_trained [--full] [--json]`. Of MovieLens, cut per user by time (the
last 20 % of each user are the test part), all users with at least 20 training interactions are asked, 200 at a time.

unchanged: answered as known users without anything new; trained is what `evaluate` measures.
changed n: the first n interactions of the test part are told to the service; trained knows them. What counts is what
the user liked after these.
stranger n: served is a model that never saw these users, told their latest n interactions; trained knows these n.
Removed interactions are left out of the lists.

Both ways have the same recipe and seed. A retraining with other interactions draws another LightFM, whatever the seed,
so that one draw says little: each user's NDCG is the mean over three seeds, and the least and the largest ratio of a
group with a seed are told. With `--full` a retraining chooses and learns its ranker anew, for one group and seed;
otherwise it keeps the ranker and trains the generators, which takes a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.cold_users import PROJECT, groups_of_users, without
from benchmarks.report import Report, Row, report_main
from components.adapters.files.params_file import read_params
from components.adapters.sources.movielens import MovieLensSource
from components.config.settings import Settings
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.metrics.bootstrap import paired_difference
from components.metrics.ranking import ndcg
from components.params.params import Params
from components.ranking.fitted_pipeline import make_lists
from components.ranking.pipeline import Learned, Pipeline, PipelineConfig
from components.ranking.pipeline_choice import Choice
from components.recommenders.events import events_of, with_events
from components.recommenders.history import History, histories_of
from components.recommenders.protocol import Events, TrainingData
from components.recommenders.training_data import training_data
from components.splitting.temporal import split
from jobs.training.steps import make_params
from jobs.wiring.workbench import Workbench

K = 10
STRANGERS, CHANGED = (1, 2, 4), (1, 2, 4, 8)
SEEDS = (42, 1, 2)
Values = NDArray[np.float64]
Kind = tuple[str, int]
"""Of users, and how many interactions are new."""
Found = Mapping[Kind, Sequence[tuple[Values, Values]]]
"""By kind and group of users, of each user: served, trained."""


def run(full: bool) -> Report:
    """One row per kind of user and number of interactions."""
    found = [measured(seed, full) for seed in (SEEDS[:1] if full else SEEDS)]
    note = "chooses and learns its ranker anew" if full else "keeps the ranker that the served model has learnt"
    params = read_params(PROJECT / "params.yaml")
    return Report(f"NDCG@{K}, served against trained", rows_of(found, params), (f"Trained {note}.",))


def measured(seed: int, full: bool) -> Found:
    """With generators drawn by `seed`, what each group's users got; a ranker that is kept is that of params."""
    params = make_params(Workbench(Settings(project=PROJECT)), "data-v1", {}, "demo")
    train, test = parts(read_params(PROJECT / "params.yaml"))
    base = learned(params, train, params.train.seed, None)
    keep = None if full else base.choice
    before, after = histories_of(train), histories_of(test)
    found: dict[Kind, list[tuple[Values, Values]]] = {}
    for users in list(groups_of_users(train, test.positives))[: 1 if full else None]:
        wanted = [np.setdiff1d(test.positives[[user]].indices, train.seen[[user]].indices) for user in users.tolist()]
        whole = [before.of(user) for user in users.tolist()]
        lists = make_lists(base.ranker, train, K, base.counts, base.choice.method)[0].lists[users]
        pair = (asked(base, whole, [], wanted), quality(list(lists), wanted))
        found.setdefault(("unchanged", 0), []).append(pair)
        known = base if seed == params.train.seed else learned(params, train, seed, keep)
        for n in CHANGED:
            told = [after.of(user).first(n) for user in users.tolist()]
            left = [np.setdiff1d(items, each.met) for items, each in zip(wanted, told, strict=True)]
            now = [both(history, each) for history, each in zip(whole, told, strict=True)]
            retrained = learned(params, with_more(train, users, told), seed, keep)
            pair = (asked(known, now, [], left), asked(retrained, now, [], left))
            found.setdefault(("changed", n), []).append(pair)
        strangers = learned(params, without(train, users, 0), seed, keep)
        away = [history.met for history in whole]
        for n in STRANGERS:
            kept = [history.last(n) for history in whole]
            retrained = learned(params, without(train, users, n), seed, keep)
            pair = (asked(strangers, kept, away, wanted), asked(retrained, kept, away, wanted))
            found.setdefault(("stranger", n), []).append(pair)
    return found


def parts(params: Params) -> tuple[TrainingData, TrainingData]:
    """MovieLens as training and test part."""
    screened = screen(MovieLensSource().read(), params.ingest)
    prepared = prepare(screened.interactions, screened.items, screened.users, params.prepare.positive_threshold)
    cut = split(prepared.interactions, params.split.protocol, params.split.test_share)
    train, test = (training_data(table, prepared.items, prepared.users) for table in (cut.train, cut.test))
    return train, test


def learned(params: Params, data: TrainingData, seed: int, choice: Choice | None) -> Learned:
    """The pipeline of the demo's preset, without lists."""
    config = params.train.recommender
    assert isinstance(config, PipelineConfig)
    return Pipeline(config).learn(data, seed, choice)


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


def both(first: History, second: History) -> History:
    """One after the other."""
    pairs = zip(_parts(first), _parts(second), strict=True)
    return History(*(np.concatenate(pair) for pair in pairs))


def asked(
    model: Learned, histories: list[History], away: list[NDArray[np.int32]], wanted: list[NDArray[np.int32]]
) -> Values:
    """NDCG of each history, answered as the service answers; NaN where nothing is wanted."""
    lists = []
    for place, history in enumerate(histories):
        hidden = np.setdiff1d(away[place], history.met) if away else np.empty(0, np.int32)
        lists.append(model.ranker.rank(history, hidden).ranking.items[:K])
    return quality(lists, wanted)


def quality(lists: Sequence[NDArray[np.integer]], wanted: Sequence[NDArray[np.int32]]) -> Values:
    """NDCG of each list; NaN where nothing is wanted."""
    return np.array([_ndcg(shown, items) for shown, items in zip(lists, wanted, strict=True)])


def rows_of(found: Sequence[Found], params: Params) -> list[Row]:
    """Means over users and seeds, their ratio, and the interval of the mean difference over users."""
    rows: list[Row] = []
    for kind, n in found[0]:
        cells = [[(one[~np.isnan(one)], two[~np.isnan(one)]) for one, two in each[kind, n]] for each in found]
        served, trained = _over(cells, 0), _over(cells, 1)
        ratios = [one.mean() / two.mean() for each in cells for one, two in each]
        config = params.evaluate
        rng = np.random.default_rng(config.seed)
        gap = paired_difference(served, trained, rng, config.bootstrap_samples, config.confidence)
        rows.append(
            {
                "users": kind,
                "interactions": n,
                "asked": len(served),
                "served": round(float(served.mean()), 4),
                "trained": round(float(trained.mean()), 4),
                "ratio": round(float(served.mean() / trained.mean()), 3),
                "difference": f"{gap.low:+.4f} to {gap.high:+.4f}",
                "ratios": f"{min(ratios):.3f} to {max(ratios):.3f}",
            }
        )
    return rows


def _over(cells: Sequence[Sequence[tuple[Values, Values]]], way: int) -> Values:
    """Of every user, group by group, the mean over seeds."""
    return np.concatenate([np.mean([pair[way] for pair in group], axis=0) for group in zip(*cells, strict=True)])


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
