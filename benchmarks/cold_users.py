"""How well users with 0, 1, 2 and 4 interactions are answered, trained with them and folded in without training.

Run it with `python -m benchmarks.cold_users [--full] [--json]`. Of MovieLens, cut per user by time (the last 20 % of
each user are the test part), 200 users with at least 20 training interactions are cut down to their latest n; everybody
else is whole. What counts is what the cut-down users liked in the test part; none of the removed interactions is that.

"may return" lets the removed items be recommended, as a service would that never knew of them: each that is recommended
takes a place and cannot count. "excluded" leaves them out of every list, so that the ways are asked the same question
as for whole users. The fold-in is that of the service, with models that never saw the 200 users. The last row, in
which they keep all, shows what there is to be had. `--full` takes the pipeline of params.yaml, otherwise it is that of
the demo's preset.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from benchmarks.report import Report, Row, report_main
from benchmarks.training import movielens
from components.adapters.files.params_file import read_params
from components.config.settings import Settings
from components.metrics.ranking import ndcg
from components.params.params import Params
from components.recommenders.events import chosen, events_of, positions, with_events
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.fold_in import FoldsIn, RecentHistory, blended_scores
from components.recommenders.lightfm_warp import LightFMConfig, LightFMWarp
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import Scores, TrainingData
from jobs.training.steps import make_params
from jobs.wiring.workbench import Workbench

K = 10
KEPT = (0, 1, 2, 4, None)
N_USERS, LEAST = 200, 20
PROJECT = Path(__file__).parents[1]


def run(full: bool) -> Report:
    """One row per number of interactions kept and reading, one column per way."""
    params = make_params(Workbench(Settings(project=PROJECT)), "data-v1", {}, "none" if full else "demo")
    train, wanted = movielens(read_params(PROJECT / "params.yaml"))
    users = cold_users(train, wanted)
    strangers = _fold_ins(params, without(train, users, 0))
    rows: list[Row] = []
    for kept in KEPT:
        known = train if kept is None else without(train, users, kept)
        lists = {
            "popularity": Popularity().fit(known, params.train.seed).scores(users),
            "LightFM trained": LightFMWarp(LightFMConfig()).fit(known, params.train.seed).scores(users),
            "pipeline trained": params.train.recommender.build().fit(known, params.train.seed).scores(users),
        }
        lists["folded in"] = _folded(strangers, known, users, lists["popularity"])
        readings = {"may return": known.seen, "excluded": train.seen} if kept is not None else {"none": train.seen}
        for reading, hidden in readings.items():
            found = {name: quality(scores, users, hidden, train.seen, wanted) for name, scores in lists.items()}
            better = max(found["popularity"], found["LightFM trained"])
            ratios = {
                "trained, times": found["pipeline trained"] / better,
                "folded in, times": found["folded in"] / better,
            }
            rows.append(
                {
                    "kept": "all" if kept is None else kept,
                    "removed": reading,
                    **{name: round(value, 4) for name, value in found.items()},
                }
            )
            rows[-1] |= {name: round(value, 2) for name, value in ratios.items()}
    notes = ("times: over the better of popularity and LightFM trained with the interactions that are kept",)
    return Report(f"NDCG@{K} of {len(users)} users cut down to their latest interactions", rows, notes)


def cold_users(train: TrainingData, wanted: csr_array) -> NDArray[np.int64]:
    """At most `N_USERS` users, drawn from those who have `LEAST` interactions to be cut and want something new."""
    return next(groups_of_users(train, wanted))


def groups_of_users(train: TrainingData, wanted: csr_array) -> Iterator[NDArray[np.int64]]:
    """All such users, in groups of at most `N_USERS` drawn by lot."""
    fresh = csr_array(wanted - wanted.multiply(train.seen > 0))
    fresh.eliminate_zeros()
    able = np.flatnonzero((np.diff(train.seen.indptr) >= LEAST) & (np.diff(fresh.indptr) > 0))
    drawn = np.random.default_rng(0).permutation(able)
    for start in range(0, max(len(drawn), 1), N_USERS):
        yield np.sort(drawn[start : start + N_USERS])


def without(train: TrainingData, users: NDArray[np.int64], kept: int) -> TrainingData:
    """`train` in which `users` have but their latest `kept` interactions."""
    events = events_of(train)
    place, size = positions(events)
    return with_events(train, chosen(events, ~np.isin(events.users, users) | (place >= size - kept)))


def quality(scores: Scores, users: NDArray[np.int64], hidden: csr_array, ever: csr_array, wanted: csr_array) -> float:
    """Mean NDCG of `users` by `scores`, a row each; `hidden` items are not recommended, those met `ever` not wanted."""
    values = []
    for row, user in enumerate(users.tolist()):
        targets = np.setdiff1d(wanted[[user]].indices, ever[[user]].indices)
        best = top_k_of_scores(scores[row], K, hidden[[user]].indices).items
        values.append(float(ndcg(np.isin(best, targets)[None], np.array([len(targets)]))[0]))
    return float(np.mean(values))


def _fold_ins(params: Params, data: TrainingData) -> list[FoldsIn]:
    fitted = [entry.build().fit(data, params.train.seed) for entry in params.train.fold_in]
    return [model for model in fitted if isinstance(model, FoldsIn)]


def _folded(models: list[FoldsIn], known: TrainingData, users: NDArray[np.int64], popular: Scores) -> Scores:
    """As the service answers by what strangers like; by popularity, here of all times, where they like nothing yet."""
    events, rows = events_of(known), []
    for row, user in enumerate(users.tolist()):
        own = events.users == user
        news = RecentHistory(events.items[own], events.items[own & events.liked])
        rows.append(blended_scores([model.scores_from(news) for model in models]) if len(news.liked) else popular[row])
    return np.array(rows)


if __name__ == "__main__":
    report_main(__doc__, run)
