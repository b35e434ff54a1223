"""How much a newcomer's first answers help, asked about what splits tastes best or about what is popular.

Run it with `python -m benchmarks.onboarding [--full] [--json]`. The demo's MovieLens: every fifth user with at least
20 ratings (every second with --full) is a newcomer of whom training knows nothing; EASE and popularity learn from the
others. A newcomer is asked about five films at a time and answers for those of the first four fifths of their ratings
(liked: 4 or more), which no list holds; the last fifth is held out. After 3, 5 and 8 answers (or 60 films shown) the
list is EASE's from the liked ones, or the most popular where none was; NDCG@10 of the held-out likes, and the films
shown until then. `gain` is over popular films for as many shown, paired by newcomer, with its 95 % interval.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from benchmarks.report import Report, Row, report_main
from benchmarks.stated_params import stated
from components.adapters.sources.movielens import MovieLensSource
from components.config.ingest import IngestConfig
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.metrics.bootstrap import mean_interval
from components.recommenders.ease import EaseConfig
from components.recommenders.fold_in import FoldsIn, RecentHistory
from components.recommenders.popularity import Popularity
from components.recommenders.training_data import training_data
from components.serving.onboarding import learn_onboarding

K, AT_ONCE, MOST, LEAST, LIKED = 10, 5, 60, 20, 4.0
ANSWERS = (3, 5, 8)
Ask = Callable[[Collection[int], Collection[int]], Sequence[int]]


@dataclass
class Newcomer:
    """Films of the first ratings, which they answer for, and the likes that are held out."""

    likes: dict[int, bool]
    held_out: set[int]


@dataclass(frozen=True)
class Told:
    """What a newcomer had answered, and how many films they had been shown."""

    answers: dict[int, bool]
    shown: int


def interview(newcomer: Newcomer, ask: Ask) -> dict[int, Told]:
    """By number of answers, or of films shown (negative), what was told by then."""
    answers: dict[int, bool] = {}
    passed: list[int] = []
    told: dict[int, Told] = {}
    shown = 0
    while shown < MOST and (rows := ask(list(answers), passed)):
        for row in rows:
            shown += 1
            if row in newcomer.likes:
                answers[row] = newcomer.likes[row]
                told.setdefault(len(answers), Told(dict(answers), shown))
            else:
                passed.append(row)
            told[-shown] = Told(dict(answers), shown)
    last = Told(dict(answers), shown)
    for n_answers in ANSWERS:
        told.setdefault(n_answers, last)
    return told


def run(full: bool) -> Report:
    """One row per number of answers."""
    screened = screen(MovieLensSource().read(), stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0))
    prepared = prepare(screened.interactions, screened.items, screened.users, LIKED)
    ratings = prepared.interactions
    counts = ratings["user_id"].value_counts()
    enough = sorted(counts[counts >= LEAST].index)
    chosen = set(enough[:: 2 if full else 5])
    train = training_data(ratings[~ratings["user_id"].isin(chosen)], prepared.items, prepared.users)
    row_of = {item_id: row for row, item_id in enumerate(train.item_ids)}
    newcomers = [
        _newcomer(part["item_id"].map(row_of).tolist(), part["value"].tolist())
        for _, part in ratings[ratings["user_id"].isin(chosen)]
        .sort_values("timestamp", kind="stable")
        .groupby("user_id")
    ]
    newcomers = [each for each in newcomers if each.held_out]
    ease, popular = EaseConfig().build().fit(train, 0), Popularity().fit(train, 0)
    onboarding = learn_onboarding(csr_array(train.seen))
    order = np.argsort(-popular.counts, kind="stable").tolist()

    def by_information(answered: Collection[int], passed: Collection[int]) -> Sequence[int]:
        return onboarding.ask(answered, passed, AT_ONCE)

    def by_popularity(answered: Collection[int], passed: Collection[int]) -> Sequence[int]:
        done = {*answered, *passed}
        return [row for row in order if row not in done][:AT_ONCE]

    asked = [(each, interview(each, by_information), interview(each, by_popularity)) for each in newcomers]
    nothing = float(np.mean([_ndcg(each, {}, ease, popular.counts) for each in newcomers]))
    rows: list[Row] = [
        {"answers": 0, "n": len(newcomers), "ndcg": round(nothing, 4), "popular_ndcg": round(nothing, 4)}
    ]
    for n_answers in ANSWERS:
        mine = [_ndcg(each, told[n_answers].answers, ease, popular.counts) for each, told, _ in asked]
        as_long = [_ndcg(e, p[-t[n_answers].shown].answers, ease, popular.counts) for e, t, p in asked]
        as_many = [_ndcg(each, told[n_answers].answers, ease, popular.counts) for each, _, told in asked]
        gain = mean_interval(np.array(mine) - np.array(as_long), np.random.default_rng(42), 2000, 0.95)
        rows.append(
            {
                "answers": n_answers,
                "n": len(newcomers),
                "ndcg": round(float(np.mean(mine)), 4),
                "shown": round(float(np.mean([told[n_answers].shown for _, told, _ in asked])), 1),
                "popular_as_long": round(float(np.mean(as_long)), 4),
                "popular_ndcg": round(float(np.mean(as_many)), 4),
                "popular_shown": round(float(np.mean([told[n_answers].shown for _, _, told in asked])), 1),
                "gain_low": round(gain.low, 4),
                "gain_high": round(gain.high, 4),
            }
        )
    return Report("A newcomer's first answers", rows)


def _newcomer(rows: list[int], values: list[float]) -> Newcomer:
    cut = int(len(rows) * 0.8)
    likes = {row: value >= LIKED for row, value in zip(rows[:cut], values[:cut], strict=True)}
    held_out = {row for row, value in zip(rows[cut:], values[cut:], strict=True) if value >= LIKED} - set(likes)
    return Newcomer(likes, held_out)


def _ndcg(newcomer: Newcomer, answers: dict[int, bool], ease: FoldsIn, counts: NDArray[np.floating]) -> float:
    """Of a list without the newcomer's first films, whether they were asked about them or not."""
    liked = np.array([row for row, likes in answers.items() if likes], np.int32)
    seen = np.array(list(answers), np.int32)
    scores = np.asarray(ease.scores_from(RecentHistory(seen, liked)) if len(liked) else counts, np.float64).copy()
    scores[list(newcomer.likes)] = -np.inf
    best = np.argsort(-scores, kind="stable")[:K].tolist()
    discount = 1 / np.log2(np.arange(2, K + 2))
    return float(sum(discount[at] for at, row in enumerate(best) if row in newcomer.held_out)) / float(
        discount[: len(newcomer.held_out)].sum()
    )


if __name__ == "__main__":
    report_main(__doc__, run)
