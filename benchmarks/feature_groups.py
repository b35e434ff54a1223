"""What each group of features that a pipeline may take gains, where it matters and where it says nothing.

Run it with `python -m benchmarks.feature_groups [--full] [--json]`. As a pipeline tries them: rankers learn from the
earlier cuts of the training data, and the latest cut judges them, here with trees of three seeds and each group alone
beside what every ranker sees. A gain is the mean over users and seeds of NDCG@10, with its standard error over users.
Worlds: the shop of `shop_world.py`, where the types of interactions say what comes next, with them and with types that
are drawn by lot; the same where people of two kinds keep to their half of the catalogue, and little is known of each;
the same where they keep to a price, with and without prices, which every ranker sees. With `--full` MovieLens with the
generators of the demo besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Report, Row, report_main
from benchmarks.shop_world import shop
from benchmarks.training import movielens
from components.adapters.files.params_file import read_params
from components.config.settings import Settings
from components.ranking.blend import qualities
from components.ranking.cut_trials import judged_apart
from components.ranking.examples import make_examples
from components.ranking.feature_groups import GROUPS, GroupName, without_groups
from components.ranking.inner_split import inner_splits
from components.ranking.learned_ranker import RankerConfig, train_ranker
from components.ranking.pipeline import PipelineConfig, generators_of
from components.recommenders.again import Again
from components.recommenders.ease import EaseConfig
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.item_vectors import ItemVectors
from components.recommenders.protocol import TrainingData
from components.recommenders.session import SessionConfig
from jobs.training.steps import make_params
from jobs.wiring.workbench import Workbench

K, N_SPLITS, SEEDS = 10, 4, (42, 1, 2)
PROJECT = Path(__file__).parents[1]
PIPELINE = PipelineConfig(
    n_candidates=100,
    generators=[EaseConfig(regularisation=20), ItemToItemConfig(), SessionConfig()],
    ranker=RankerConfig(rounds=40, n_seeds=1, min_leaf_rows=30, min_users=50),
)


def run(full: bool) -> Report:
    """One row per world and group that the world has something for; one for prices."""
    rows = [
        *rows_of("shop", shop(0), PIPELINE),
        *rows_of("shop, types drawn by lot", shop(0, told=("people", "price")), PIPELINE),
        *rows_of("shop of two kinds of people", shop(0, people=True, n_each=8), PIPELINE),
        *rows_of("the same, people drawn by lot", shop(0, told=("kinds", "price"), people=True, n_each=8), PIPELINE),
        *price_rows("shop where people keep to a price", shop(0, thrift=True, n_each=6, n_items=240)),
        *price_rows(
            "the same, prices drawn by lot", shop(0, told=("kinds", "people"), thrift=True, n_each=6, n_items=240)
        ),
    ]
    if full:
        params = make_params(Workbench(Settings(project=PROJECT)), "data-v1", {}, "demo")
        assert isinstance(params.train.recommender, PipelineConfig)
        rows += rows_of("MovieLens", movielens(read_params(PROJECT / "params.yaml"))[0], params.train.recommender)
    return Report(f"Gain in NDCG@{K} on the choosing cut", rows)


def rows_of(name: str, data: TrainingData, config: PipelineConfig) -> list[Row]:
    """Of each group, and of all together, what it gains."""
    found = judged(data, config, [(), *((group,) for group in GROUPS), GROUPS])
    present = [taken for taken in found if taken]
    return [_row(name, " and ".join(taken), found[()], found[taken]) for taken in present]


def price_rows(name: str, data: TrainingData) -> list[Row]:
    """What prices gain, which every ranker sees."""
    bare = replace(data, item_numbers=None)
    with_prices, without = (judged(each, PIPELINE, [()])[()] for each in (data, bare))
    return [_row(name, "price", without, with_prices)]


def judged(
    data: TrainingData, config: PipelineConfig, ways: Sequence[tuple[GroupName, ...]]
) -> dict[tuple[GroupName, ...], NDArray[np.float64]]:
    """NDCG of each user of the latest cut, mean over seeds, by the groups that a ranker sees of those there are."""
    recipes = {name: each for name, each in generators_of(config).items() if not isinstance(each, Again | ItemVectors)}
    splits = inner_splits(data, config.inner, N_SPLITS, SEEDS[0])
    share, n_most = config.cut_share, config.max_users
    parts = [
        make_examples(recipes, each, config.n_candidates, n_most, share, SEEDS[0], groups=GROUPS) for each in splits
    ]
    apart = judged_apart([each.examples.first(config.ranker.n_candidates) for each in parts[1:]], splits[1:])
    first, n_users = parts[0], parts[0].n_whole
    names = first.examples.names
    there = {name.split(": ")[0] for name in names}
    found: dict[tuple[GroupName, ...], list[NDArray[np.float64]]] = {}
    for way in ways:
        taken = tuple(group for group in way if group in there)
        if taken in found or (way and not taken):
            continue
        seen = without_groups(names, [group for group in GROUPS if group not in taken])
        for seed in SEEDS:
            ranker = train_ranker([each.seeing(seen) for each in apart], config.ranker, seed)
            assert ranker is not None
            rows = first.examples.seeing(seen).features[:n_users]
            order = ranker.scores(rows.reshape(-1, rows.shape[2])).reshape(rows.shape[:2])
            items, wanted = first.examples.items[:n_users], first.examples.wanted[:n_users]
            quality = qualities(order, items, wanted, first.n_wanted[:n_users], K)
            found.setdefault(taken, []).append(quality)
    return {taken: np.mean(each, axis=0) for taken, each in found.items()}


def _row(name: str, what: str, before: NDArray[np.float64], after: NDArray[np.float64]) -> Row:
    gain = after - before
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    return {
        "data": name,
        "group": what,
        "users": len(gain),
        "without": round(float(before.mean()), 4),
        "gain": round(float(gain.mean()), 4),
        "standard error": round(error, 4),
    }


if __name__ == "__main__":
    report_main(__doc__, run)
