"""Whether what somebody did with one kind of item says what they want of another.

Run it with `python -m benchmarks.cross_domain [--full] [--json]`. The demo's films as two domains that share none:
films of Animation, Children or Fantasy, and films of Crime, Thriller or Film-Noir; films of both, and of neither, are
left out. A newcomer has at least five films in each; only those of one domain are known of them, and the likes (4 or
more) in the other are held out. NDCG@10 over all films of the other domain, beside its popular films; the gain's 95 %
interval is paired by newcomer.

- `content`: popularity, and likeness in what films share across domains: their other genres, decade, country,
  language, director and cast (TF-IDF). Its weight is the best on a hundred of the other users who know both, or 1.
- `bridge`: EASE over both domains, learnt from the other users, who keep both their halves.
- `no bridge`: the same where each of the other users keeps one domain alone, drawn by chance: nobody knows both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from benchmarks.report import Report, Row, report_main
from benchmarks.stated_params import stated
from components.adapters.sources.movielens import MovieLensSource
from components.config.ingest import IngestConfig
from components.interactions.attribute_columns import attributes_of
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.metrics.bootstrap import mean_interval
from components.recommenders.ease import EaseConfig
from components.recommenders.fold_in import RecentHistory
from components.recommenders.training_data import TrainingData, training_data

DOMAINS = {
    "children's": frozenset(["Animation", "Children", "Fantasy"]),
    "crime": frozenset(["Crime", "Thriller", "Film-Noir"]),
}
K, LEAST, LIKED = 10, 5, 4.0
WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
SHARED = ("country", "language", "director", "cast")


@dataclass(frozen=True)
class World:
    """The users and films; `domain` is 0 or 1 a film, -1 for neither, `features` what films share across domains."""

    data: TrainingData
    domain: NDArray[np.int8]
    features: csr_array


def read_world() -> World:
    """The demo's films and ratings."""
    screened = screen(MovieLensSource().read(), stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0))
    prepared = prepare(screened.interactions, screened.items, screened.users, LIKED)
    data = training_data(prepared.interactions, prepared.items, prepared.users)
    items = prepared.items.set_index("item_id").loc[list(data.item_ids)].reset_index()
    genres = [set(str(tags).split("|")) for tags in items["tags"]]
    first, second = DOMAINS.values()
    domain = [-1 if bool(row & first) == bool(row & second) else int(bool(row & second)) for row in genres]
    return World(data, np.array(domain, np.int8), _features(items, genres))


def run(full: bool) -> Report:
    """Both ways; with --full every third user is a newcomer, otherwise every sixth."""
    world = read_world()
    rows: list[Row] = []
    for known in (0, 1):
        rows += _measured(world, known, 3 if full else 6)
    return Report("From one domain to another", rows)


def _measured(world: World, known: int, step: int) -> Iterator[Row]:
    seen, likes = csr_array(world.data.seen), csr_array(world.data.positives)
    here, there = world.domain == known, world.domain == 1 - known
    n_here, n_there = (np.asarray(seen @ mask.astype(float)).ravel() for mask in (here, there))
    held = np.asarray(likes @ there.astype(float)).ravel()
    both = np.flatnonzero((n_here >= LEAST) & (n_there >= LEAST) & (held > 0))
    newcomers, others = both[::step], np.setdiff1d(np.arange(seen.shape[0]), both[::step])
    popular = np.where(there, np.bincount(_rows(likes, others).indices, minlength=seen.shape[1]), -1.0)
    tuned = np.intersect1d(both, others)[:: max(1, len(both) // 100)]
    rng = np.random.default_rng(7)
    apart = _kept(seen, others, here, there, rng.random(seen.shape[0]) < 0.5)
    bridge = EaseConfig().build().fit(_of(world.data, _rows(seen, others), _rows(likes, others)), 0)
    no_bridge = EaseConfig().build().fit(_of(world.data, apart, apart.multiply(likes > 0).tocsr()), 0)
    weight = max(WEIGHTS, key=lambda each: _mean_ndcg(world, tuned, here, there, popular, each))
    ways = {
        "popular there": [_ndcg(popular, likes, user, there) for user in newcomers],
        f"content, weight {weight:g}": [
            _ndcg(_content(world, user, here, popular, weight), likes, user, there) for user in newcomers
        ],
        "content, weight 1": [
            _ndcg(_content(world, user, here, popular, 1.0), likes, user, there) for user in newcomers
        ],
        "bridge": [_ndcg(_folded(bridge, likes, user, here), likes, user, there) for user in newcomers],
        "no bridge": [_ndcg(_folded(no_bridge, likes, user, here), likes, user, there) for user in newcomers],
    }
    base = np.array(ways["popular there"])
    for name, values in ways.items():
        gain = mean_interval(np.array(values) - base, np.random.default_rng(42), 2000, 0.95)
        yield {
            "known": list(DOMAINS)[known],
            "asked": list(DOMAINS)[1 - known],
            "way": name,
            "n": len(newcomers),
            "ndcg": round(float(np.mean(values)), 4),
            "gain_low": round(gain.low, 4),
            "gain_high": round(gain.high, 4),
        }


def _mean_ndcg(
    world: World,
    users: NDArray[np.intp],
    here: NDArray[np.bool_],
    there: NDArray[np.bool_],
    popular: NDArray[np.float64],
    weight: float,
) -> float:
    likes = csr_array(world.data.positives)
    return float(np.mean([_ndcg(_content(world, user, here, popular, weight), likes, user, there) for user in users]))


def _content(
    world: World, user: int, here: NDArray[np.bool_], popular: NDArray[np.float64], weight: float
) -> NDArray[np.float64]:
    """Log of popularity, and the likeness to what the user liked in the known domain."""
    liked = _liked(csr_array(world.data.positives), user, here)
    if not len(liked):
        return popular
    profile = np.asarray(world.features[liked].mean(axis=0)).ravel()
    close = np.asarray(world.features @ (profile / max(float(np.linalg.norm(profile)), 1e-9))).ravel()
    return np.where(popular < 0, -np.inf, np.log1p(np.maximum(popular, 0)) + weight * 10 * close)


def _folded(ease: object, likes: csr_array, user: int, here: NDArray[np.bool_]) -> NDArray[np.float64]:
    liked = _liked(likes, user, here)
    return np.asarray(ease.scores_from(RecentHistory(liked, liked)), np.float64)  # type: ignore[attr-defined]


def _liked(likes: csr_array, user: int, here: NDArray[np.bool_]) -> NDArray[np.int32]:
    row = likes.indices[likes.indptr[user] : likes.indptr[user + 1]]
    return np.asarray(row[here[row]], np.int32)


def _ndcg(scores: NDArray[np.float64], likes: csr_array, user: int, there: NDArray[np.bool_]) -> float:
    wanted = set(_liked(likes, user, there).tolist())
    best = np.argsort(-np.where(there, scores, -np.inf), kind="stable")[:K].tolist()
    discount = 1 / np.log2(np.arange(2, K + 2))
    found = sum(discount[at] for at, row in enumerate(best) if row in wanted)
    return float(found / discount[: len(wanted)].sum())


def _rows(matrix: csr_array, users: NDArray[np.intp]) -> csr_array:
    """The matrix with the rows of all but `users` empty."""
    keep = np.zeros(matrix.shape[0])
    keep[users] = 1
    kept = csr_array(diags_array(keep) @ matrix)
    kept.eliminate_zeros()
    return kept


def _kept(
    seen: csr_array,
    users: NDArray[np.intp],
    here: NDArray[np.bool_],
    there: NDArray[np.bool_],
    here_alone: NDArray[np.bool_],
) -> csr_array:
    """Of `users` one domain each, and all that is of neither."""
    table = _rows(seen, users).tocoo()
    mine = np.where(here_alone[table.row], ~there[table.col], ~here[table.col])
    return csr_array((table.data[mine], (table.row[mine], table.col[mine])), shape=seen.shape)


def _of(data: TrainingData, seen: csr_array, likes: csr_array) -> TrainingData:
    return replace(data, seen=seen.astype(np.float32), positives=csr_array(likes).astype(np.float32))


def _features(items: pd.DataFrame, genres: list[set[str]]) -> csr_array:
    """What films share across domains, (n_items, n_features), rows of length one."""
    own = frozenset().union(*DOMAINS.values())
    named: list[set[str]] = []
    for row, known in zip(genres, attributes_of(items), strict=True):
        year = known.get("year")
        words = {f"genre {name}" for name in row - own}
        words |= {f"decade {int(year) // 10}"} if isinstance(year, float) else set()
        for name in SHARED:
            value = known.get(name, ())
            words |= {f"{name} {each}" for each in ((value,) if isinstance(value, str) else value)}  # type: ignore[union-attr]
        named.append(words)
    column_of = {word: at for at, word in enumerate(sorted(set().union(*named)))}
    columns = [column_of[word] for words in named for word in sorted(words)]
    offsets = np.cumsum([0, *map(len, named)])
    matrix = csr_array((np.ones(len(columns)), columns, offsets), shape=(len(named), len(column_of)))
    idf = np.log(len(named) / np.bincount(columns, minlength=len(column_of)))
    weighted = csr_array(matrix @ diags_array(idf))
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return csr_array(diags_array(1 / np.maximum(lengths, 1e-9)) @ weighted)


if __name__ == "__main__":
    report_main(__doc__, run)
