"""What variety costs: NDCG@10 against the diversity of the lists, over strengths and over caps per category.

Run it with `python -m benchmarks.diversity_curve [--full] [--json]`. LightFM is trained on the demo's MovieLens without
each user's last 20 %; its best 200 candidates are made into lists of 10 by the code that serves. Diversity is the mean
of 1 - cosine of the genres over the pairs of a list; the interval is the 95 % bootstrap interval of the difference in
NDCG to strength 0, paired by user.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.report import Report, Row, report_main
from components.adapters.files.params_file import read_params
from components.adapters.sources.movielens import MovieLensSource
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.metrics.bootstrap import paired_difference
from components.metrics.ranking import ndcg
from components.ranking.diversity import diversify, list_diversity
from components.recommenders.content import label_matrix
from components.recommenders.lightfm_warp import LightFMConfig, LightFMWarp
from components.recommenders.protocol import Ranking
from components.recommenders.training_data import training_data
from components.splitting.temporal import split_per_user

K = 10
QUICK = (0.0, 0.1, 0.3, 0.5, 0.8)
FULL = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
CAPS = (5, 3, 2, 1)


def run(full: bool) -> Report:
    """More strengths with `full`."""
    params = read_params(Path(__file__).parents[1] / "params.yaml")
    screened = screen(MovieLensSource().read(), params.ingest)
    prepared = prepare(screened.interactions, screened.items, screened.users, params.prepare.positive_threshold)
    parts = split_per_user(prepared.interactions, params.split.test_share)
    train, test = (training_data(part, prepared.items, prepared.users) for part in (parts.train, parts.test))
    model = LightFMWarp(LightFMConfig()).fit(train, params.train.seed)
    labels = label_matrix(train.item_labels, tuple(sorted({name for row in train.item_labels for name in row})))
    categories = prepared.items["category"].tolist()

    targets: dict[int, np.ndarray] = {}
    candidates: dict[int, Ranking] = {}
    for user in range(len(train.user_ids)):
        seen = train.seen.indices[train.seen.indptr[user] : train.seen.indptr[user + 1]]
        wanted = np.setdiff1d(
            test.positives.indices[test.positives.indptr[user] : test.positives.indptr[user + 1]], seen
        )
        if len(wanted):
            targets[user] = wanted
            candidates[user] = model.top_k(user, params.routing.candidates, seen)

    def measure(strength: float, cap: int | None) -> tuple[np.ndarray, Row]:
        lists = [diversify(candidates[user], K, labels, categories, strength, cap).items for user in targets]
        hits = np.array([np.isin(items, wanted) for items, wanted in zip(lists, targets.values(), strict=True)])
        values = ndcg(hits, np.array([len(wanted) for wanted in targets.values()]))
        return values, {
            "ndcg": round(float(values.mean()), 4),
            "diversity": round(float(np.mean([list_diversity(labels, items) for items in lists])), 3),
            "categories": round(float(np.mean([len({categories[row] for row in items}) for items in lists])), 2),
            "coverage": round(len(np.unique(np.concatenate(lists))) / len(categories), 3),
        }

    base, _ = measure(0.0, None)
    rows: list[Row] = []
    for strength, cap in [(value, None) for value in (FULL if full else QUICK)] + [(0.0, cap) for cap in CAPS]:
        values, numbers = measure(strength, cap)
        interval = paired_difference(values, base, np.random.default_rng(42), params.evaluate.bootstrap_samples, 0.95)
        low, high = round(interval.low, 4), round(interval.high, 4)
        rows.append({"strength": strength, "cap": cap or "-", **numbers, "cost_low": low, "cost_high": high})
    return Report(f"Diversity of {len(targets)} users' lists of {K}", rows)


if __name__ == "__main__":
    report_main(__doc__, run)
