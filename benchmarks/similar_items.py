"""How well "items like this one" find what the same people like: recall of co-occurrence that was held out.

Run it with `python -m benchmarks.similar_items [--full] [--json]`. Models learn from the demo's MovieLens without the
last 20 % of each user. Two items co-occur where a user likes both in what was held out. For every item with at least
`LEAST` such neighbours, the ten most similar items of a model are held against them: the share of ten places (or of the
neighbours, where there are fewer than ten) that holds one, and the same for rarer neighbours alone, as whoever lists
what is popular finds many. All items with `--full`, else 300.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.report import Report, Row, report_main
from components.adapters.files.params_file import read_params
from components.adapters.sources.movielens import MovieLensSource
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.recommenders.content import ContentConfig, FittedContent
from components.recommenders.ease import EaseConfig
from components.recommenders.ease_valued import EaseValuedConfig
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.factors import FittedFactors
from components.recommenders.ials import IalsConfig
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.item_weights import FittedItemWeights
from components.recommenders.lightfm_warp import LightFMConfig
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import Ranking, RecommenderConfig
from components.recommenders.spectral import SpectralConfig
from components.recommenders.training_data import training_data
from components.splitting.temporal import split_per_user

K, LEAST, PLACES = 10, 5, 10
RARE = 0.9
"""The share of items, by likes, that are the rarer ones."""
CONFIGS: dict[str, RecommenderConfig] = {
    "item_to_item": ItemToItemConfig(),
    "ease": EaseConfig(),
    "ease_valued": EaseValuedConfig(),
    "spectral": SpectralConfig(),
    "ials": IalsConfig(),
    "lightfm": LightFMConfig(dimensions=32, epochs=10, max_sampled=20),
    "labels alone (content)": ContentConfig(),
}
Like = Callable[[int], Ranking]


def run(full: bool) -> Report:
    """One row per model."""
    params = read_params(Path(__file__).parents[1] / "params.yaml")
    screened = screen(MovieLensSource().read(), params.ingest)
    prepared = prepare(screened.interactions, screened.items, screened.users, params.prepare.positive_threshold)
    parts = split_per_user(prepared.interactions, params.split.test_share)
    train, test = (training_data(part, prepared.items, prepared.users) for part in (parts.train, parts.test))
    together = (test.positives.T @ test.positives).tocsr()
    together.setdiag(0)
    together.eliminate_zeros()
    items = np.flatnonzero(np.diff(together.indptr) >= LEAST)
    if not full:
        items = np.sort(np.random.default_rng(0).permutation(items)[:300])
    popularity = Popularity().fit(train, 0).counts
    rare = popularity <= np.quantile(popularity, RARE)
    ways: dict[str, Like] = {
        "popularity": lambda item: top_k_of_scores(popularity, PLACES, np.array([item])),
    }
    for name, config in CONFIGS.items():
        fitted = config.build().fit(train, params.train.seed)
        assert isinstance(fitted, FittedItemWeights | FittedFactors | FittedContent)
        ways[name] = lambda item, fitted=fitted: fitted.similar(item, PLACES)  # type: ignore[misc]
    rows: list[Row] = []
    for name, way in ways.items():
        every, rarer = [], []
        for item in items.tolist():
            near = together.indices[together.indptr[item] : together.indptr[item + 1]]
            shown = way(item).items
            every.append(np.isin(shown, near).sum() / min(PLACES, len(near)))
            few = near[rare[near]]
            if len(few):
                rarer.append(np.isin(shown, few).sum() / min(PLACES, len(few)))
        rows.append(
            {"by": name, "recall@10": round(float(np.mean(every)), 3), "of rarer ones": round(float(np.mean(rarer)), 3)}
        )
    rows.sort(key=lambda row: -float(row["recall@10"]))
    return Report(f"Held-out co-occurrence of {len(items):,} items among the ten most similar", rows)


if __name__ == "__main__":
    report_main(__doc__, run)
