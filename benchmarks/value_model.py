"""What it brings to order by purchases times prices, in a shop where everything is known, and what it costs in clicks.

Run it with `python -m benchmarks.value_model [--full] [--json]`. In the world of `shop_world.py` people view and
purchase what goes on from what they met; prices are drawn. A pipeline learns from the first 80 % of each history. Of
its best ten for each user, judged by the rest: what they purchased of these, at its price, and how many of these they
viewed or purchased. Each way beside the order by likes alone, over the same users; `--full` draws five worlds in place
of two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Report, Row, report_main
from benchmarks.shop_world import shop
from components.metrics.bootstrap import paired_difference
from components.ranking.learned_ranker import RankerConfig
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.ranking.value_model import ValueWeights, prices_of
from components.recommenders.ease import EaseConfig
from components.recommenders.events import chosen, events_of, positions, with_events
from components.recommenders.history import histories_of
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.protocol import TrainingData
from components.recommenders.session import SessionConfig

K, SHARE = 10, 0.8
WAYS = {
    "like": ValueWeights(),
    "click": ValueWeights(click=1, like=0),
    "purchase": ValueWeights(purchase=1, like=0),
    "purchase and click": ValueWeights(purchase=1, click=5, like=0),
}
PIPELINE = PipelineConfig(
    n_splits=4,
    n_candidates=100,
    generators=[EaseConfig(regularisation=20), ItemToItemConfig(), SessionConfig()],
    ranker=RankerConfig(rounds=40, n_seeds=1, min_leaf_rows=30, min_users=50),
)


def run(full: bool) -> Report:
    """One row per way of counting."""
    found = {
        name: np.concatenate([judged(seed, weights) for seed in range(5 if full else 2)])
        for name, weights in WAYS.items()
    }
    plain = found["like"]
    rows: list[Row] = []
    for name, values in found.items():
        row: Row = {"counts": name}
        for column, what in enumerate(("revenue", "clicks")):
            mine, theirs = values[:, column], plain[:, column]
            gap = paired_difference(mine, theirs, np.random.default_rng(0), 1000, 0.95)
            row[what] = round(float(mine.mean()), 3)
            row[f"{what}, times"] = round(float(mine.mean() / theirs.mean()), 3)
            row[f"{what}, difference"] = f"{gap.low:+.3f} to {gap.high:+.3f}"
        rows.append(row)
    return Report(f"Of the best {K}, a user", rows)


def judged(seed: int, weights: ValueWeights) -> NDArray[np.float64]:
    """Revenue and clicks of each user's best `K`, (n_users, 2)."""
    known, later = halves(shop(seed))
    learned = Pipeline(PIPELINE.model_copy(update={"value": weights})).learn(known, 1)
    before, after, prices = histories_of(known), histories_of(later), prices_of(known)
    values = np.zeros((len(known.user_ids), 2))
    for user in range(len(values)):
        shown = learned.ranker.rank(before.of(user)).ranking.items[:K]
        history = after.of(user)
        values[user] = prices[np.intersect1d(shown, history.likes)].sum(), len(np.intersect1d(shown, history.met))
    return values


def halves(data: TrainingData) -> tuple[TrainingData, TrainingData]:
    """The first 80 % of each user, and the rest."""
    events = events_of(data)
    place, size = positions(events)
    early = place < SHARE * size
    return with_events(data, chosen(events, early)), with_events(data, chosen(events, ~early))


if __name__ == "__main__":
    report_main(__doc__, run)
