"""Whether answers to queries in words hold, whether search finds what is looked for, and whether taste still orders.

Run it with `python -m benchmarks.words [--full] [--json] [--queries FILE]`. The queries are
benchmarks/words_paraphrases.jsonl, or those of FILE: one JSON object a line with `q`, where it is said (`field:
profile`, else the query), and what must hold of each answer (words_predicates.py). A stranger asks, with ten answers;
a query is whole when all its answers hold. `novel` ones are asked by 20 warm users, and hold for one whose answers
share fewer genres with their last ten films than their own list does. `understood: nothing` holds when no wish was
read and the words are named.

Known-item search looks for 60 films, 300 with --full (with at least ten ratings and a known cast) by their title
with one typo, by the first half of it, and by director, one actor and decade; the figure is the mean reciprocal rank.

Personal: for the wishes of `PERSONAL` and 20 warm users, NDCG of the held-out likes among the items that fit, by the
order that was answered and by popularity. Serendipity: for 20 warm users who ask for what is unlike their own, how like
their last ten films the list still is, and what of NDCG it costs. MovieLens, the last fifth of each user's ratings held
out; EASE is the ranking of their own.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from benchmarks.report import Report, Row, lines
from benchmarks.words_predicates import holds
from components.adapters.files.params_file import read_params
from components.adapters.sources.movielens import MovieLensSource
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.metrics.bootstrap import mean_interval
from components.recommenders.content import Content, ContentConfig
from components.recommenders.ease import Ease, EaseConfig
from components.recommenders.popularity import Popularity
from components.recommenders.text.encoder import cosines
from components.recommenders.training_data import training_data
from components.serving.answer import Answer
from components.serving.bundle import Bundle, BundleManifest
from components.serving.catalogue_wishes import CatalogueWishes
from components.serving.request_path import RequestPath
from components.serving.requests import Profile, RecommendRequest, RequestContext
from components.splitting.temporal import split_per_user
from stages.bundle import catalogue, recent_items

PROJECT = Path(__file__).parents[1]
PARAPHRASES = PROJECT / "benchmarks" / "words_paraphrases.jsonl"
K, N_WARM, WARM, LEAST = 10, 20, 20, 10
N_KNOWN = {False: 60, True: 300}
PERSONAL = (
    "comedy",
    "no horror",
    "thrillers from the 90s",
    "sci-fi or fantasy",
    "at least two hours long",
    "drama, not a romance",
    "made in the USA, after 1980",
    "crime or mystery",
    "action, under two hours",
    "something relaxing",
)
SERENDIPITY = "something unlike what I usually watch"
_YEAR = re.compile(r"\s*\(\d{4}\)$")


class World:
    """A bundle of the demo's MovieLens without the last fifth of each user's ratings, and what was held out."""

    def __init__(self) -> None:
        params = read_params(PROJECT / "params.yaml")
        screened = screen(MovieLensSource().read(), params.ingest)
        prepared = prepare(screened.interactions, screened.items, screened.users, params.prepare.positive_threshold)
        parts = split_per_user(prepared.interactions, params.split.test_share)
        train, test = (training_data(part, prepared.items, prepared.users) for part in (parts.train, parts.test))
        content = Content(ContentConfig()).fit(train, 0)
        ease = Ease(EaseConfig()).fit(train, 0)
        fitted = {"popularity": Popularity().fit(train, 0), "content": content, "ease": ease}
        manifest, items = BundleManifest("data-v1", "ease", "0" * 64), catalogue(prepared.items)
        recent = recent_items(train)
        self.bundle = Bundle(manifest, items, train.user_ids, train.seen, fitted, recent=recent)
        self.held_out: csr_array = test.positives
        self.path = RequestPath(self.bundle, params.routing, "release-1", "none", "control", perf_counter)
        self.words = CatalogueWishes(self.bundle)

    def ask(self, text: str, user_id: str = "stranger", source: str = "query", exclude: Sequence[str] = ()) -> Answer:
        """The answer to a text."""
        said: dict[str, Any] = (
            {"profile": Profile(text=text)} if source == "profile" else {"context": RequestContext(query=text)}
        )
        return self.path.recommend(RecommendRequest(user_id=user_id, k=K, exclude=list(exclude), **said), "r")

    def rows(self, answer: Answer) -> list[int]:
        """Item rows of an answer."""
        return [self.bundle.items.row_of[item.item_id] for item in answer.items]

    def warm(self) -> Iterator[tuple[str, int]]:
        """Ids and rows of the first users with enough history and something held out."""
        users = [
            (user_id, row)
            for row, user_id in enumerate(self.bundle.user_ids)
            if len(self.bundle.seen(row)) >= WARM and self.held_out.indptr[row + 1] > self.held_out.indptr[row]
        ]
        return iter(users[:N_WARM])


def run(full: bool, queries: Path) -> Report:
    """All tables, one after the other."""
    world = World()
    world.ask("a warm-up like Heat by Tom Hanks")
    asked = [json.loads(line) for line in queries.read_text().splitlines() if line.strip()]
    return Report(
        f"Queries in words: {queries.name}",
        [*_held(world, asked), *_known_items(world, N_KNOWN[full]), *_personal(world), *_serendipity(world)],
    )


def _held(world: World, queries: Sequence[dict[str, Any]]) -> Iterator[Row]:
    n_answers = n_good = n_whole = 0
    times = []
    for query in queries:
        start = perf_counter()
        good = _judged(world, query)
        times.append((perf_counter() - start) * 1000)
        n_answers, n_good = n_answers + len(good), n_good + sum(good)
        n_whole += bool(good) and all(good)
        if not (good and all(good)):
            print(f"not whole: {query['q']!r}, {sum(good)} of {len(good)}")
    yield {
        "what": "queries",
        "n": len(queries),
        "answers_hold": round(n_good / max(n_answers, 1), 4),
        "queries_whole": round(n_whole / max(len(queries), 1), 4),
        "p50_ms": round(float(np.median(times)), 1),
    }


def _judged(world: World, query: dict[str, Any]) -> list[bool]:
    if query.get("novel"):
        return [_is_novel(world, query["q"], user_id) for user_id, _ in world.warm()]
    answer = world.ask(query["q"], source=query.get("field", "query"))
    if query.get("understood") == "nothing":
        return [answer.understood == [] and len(answer.ignored) > 0]
    return [holds(world.bundle.items, row, query) for row in world.rows(answer)]


def _is_novel(world: World, text: str, user_id: str) -> bool:
    plain = world.path.recommend(RecommendRequest(user_id=user_id, k=K), "r")
    last = [abs(code) - 1 for code in world.bundle.recent_of(world.bundle.user_row[user_id])][-10:]
    labels = world.words.facts.label_rows
    taste = np.asarray(labels[last].mean(axis=0)).ravel()
    mine, theirs = (float((labels[world.rows(each)] @ taste).mean()) for each in (world.ask(text, user_id), plain))
    return mine < theirs


def _known_items(world: World, n: int) -> Iterator[Row]:
    items, rng = world.bundle.items, random.Random(7)  # noqa: S311 a draw to measure with
    met = np.bincount(world.bundle.history.indices, minlength=len(items))
    rows = rng.sample([row for row in range(len(items)) if met[row] >= LEAST and "cast" in items.attributes[row]], n)
    search = world.words.search
    ways: dict[str, Callable[[str], NDArray[np.float32] | None]] = {
        "BM25": search.words.scores,
        f"{search.encoder.form} alone": lambda text: cosines(search.vectors, search.encoder.encode([text])),
        "joined": search.scores,
        "joined, liked": search.ranked,
    }
    asked = {name: [(make(items, row, rng), row) for row in rows] for name, make in _KNOWN.items()}
    for name, way in ways.items():
        yield {"what": f"known item: {name}", "n": n, **{key: _mrr(way, pairs) for key, pairs in asked.items()}}


def _typo(items: Any, row: int, rng: random.Random) -> str:
    words = _YEAR.sub("", items.titles[row]).lower().split()
    place = rng.choice([at for at, word in enumerate(words) if len(word) > 3] or [0])
    word, at = words[place], rng.randrange(1, max(2, len(words[place]) - 1))
    swapped = word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]
    words[place] = rng.choice([word[:at] + word[at + 1 :], word[:at] + rng.choice("aeiostr") + word[at + 1 :], swapped])
    return " ".join(words)


def _half(items: Any, row: int, rng: random.Random) -> str:  # noqa: ARG001 nothing is drawn
    words = re.sub(r"[,:]", "", _YEAR.sub("", items.titles[row])).lower().split()
    return " ".join(words[: max(1, (len(words) + 1) // 2)])


def _people(items: Any, row: int, rng: random.Random) -> str:
    known = items.attributes[row]
    return " ".join([*known.get("director", ())[:1], rng.choice(known["cast"]), f"{int(known['year']) // 10 * 10}s"])


_KNOWN = {"mrr_typo": _typo, "mrr_half": _half, "mrr_people": _people}


def _mrr(way: Callable[[str], NDArray[np.float32] | None], pairs: Sequence[tuple[str, int]]) -> float:
    found = []
    for text, row in pairs:
        scores = way(text)
        if scores is None or scores[row] <= 0:
            found.append(0.0)
        else:
            found.append(1 / (1 + float((scores > scores[row]).sum()) + ((scores == scores[row]).sum() - 1) / 2))
    return round(float(np.mean(found)), 3)


def _personal(world: World) -> Iterator[Row]:
    """NDCG@10 of held-out likes that fit, mean over a user's queries; the interval is over users."""
    discount = 1 / np.log2(np.arange(2, K + 2))
    mine: list[float] = []
    everybodys: list[float] = []
    for user_id, row in world.warm():
        seen = world.bundle.seen(row)
        likes = np.setdiff1d(world.held_out.indices[world.held_out.indptr[row] : world.held_out.indptr[row + 1]], seen)
        ids = [world.bundle.items.ids[item] for item in seen.tolist()]
        pairs = []
        for text in PERSONAL:
            fits = world.words.fit(world.words.reader.read(text).wishes, (), K, seen).fits
            wanted = likes[fits[likes]]
            if len(wanted):
                ideal = discount[: len(wanted)].sum()
                answers = (world.ask(text, user_id), world.ask(text, exclude=ids))
                pairs.append(
                    [float((discount * np.isin(_padded(world.rows(each)), wanted)).sum() / ideal) for each in answers]
                )
        if pairs:
            mine.append(float(np.mean([pair[0] for pair in pairs])))
            everybodys.append(float(np.mean([pair[1] for pair in pairs])))
    gain = mean_interval(np.array(mine) - np.array(everybodys), np.random.default_rng(42), 2000, 0.95)
    yield {
        "what": "personal order, NDCG@10",
        "n": len(mine),
        "own": round(float(np.mean(mine)), 4),
        "popularity": round(float(np.mean(everybodys)), 4),
        "gain_low": round(gain.low, 4),
        "gain_high": round(gain.high, 4),
    }


def _serendipity(world: World) -> Iterator[Row]:
    """What it costs to ask for what is unlike one's own films: how like the last ten a list is, and NDCG@10."""
    discount = 1 / np.log2(np.arange(2, K + 2))
    labels = world.words.facts.label_rows
    rows: list[list[float]] = []
    for user_id, row in world.warm():
        likes = world.held_out.indices[world.held_out.indptr[row] : world.held_out.indptr[row + 1]]
        if not len(likes):
            continue
        last = [abs(code) - 1 for code in world.bundle.recent_of(row)][-10:]
        taste = np.asarray(labels[last].mean(axis=0)).ravel()
        ideal = discount[: len(likes)].sum()
        both = (world.path.recommend(RecommendRequest(user_id=user_id, k=K), "r"), world.ask(SERENDIPITY, user_id))
        lists = [world.rows(each) for each in both]
        rows.append(
            [
                *(float((labels[each] @ taste).mean()) for each in lists),
                *(float((discount * np.isin(_padded(each), likes)).sum() / ideal) for each in lists),
            ]
        )
    plain, asked, ndcg, ndcg_asked = np.array(rows).mean(axis=0)
    yield {
        "what": "serendipity",
        "n": len(rows),
        "like_last_ten": round(float(plain), 4),
        "like_when_asked": round(float(asked), 4),
        "ndcg": round(float(ndcg), 4),
        "ndcg_when_asked": round(float(ndcg_asked), 4),
    }


def _padded(rows: list[int]) -> NDArray[np.int64]:
    return np.array([*rows, *[-1] * (K - len(rows))])


def main() -> None:
    """Parses the command line and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--full", action="store_true", help="look for 300 films instead of 60")
    parser.add_argument("--queries", type=Path, default=PARAPHRASES, help="a file with one query a line")
    arguments = parser.parse_args()
    report = run(arguments.full, arguments.queries)
    print(
        json.dumps({"title": report.title, "rows": report.rows}, indent=1)
        if arguments.json
        else "\n".join(lines(report))
    )


if __name__ == "__main__":
    main()
