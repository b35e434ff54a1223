"""An evaluation as tables with external ids: per user, per recommended place and per item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config.evaluate import EvaluateConfig
from components.interactions.columns import ITEM, TITLE, USER
from components.metrics.beyond_accuracy import exposure
from components.metrics.bootstrap import mean_interval
from components.metrics.evaluate import Evaluation


def per_user(
    model: Evaluation, popularity: Evaluation, user_ids: Sequence[str], cold_start_threshold: int
) -> pd.DataFrame:
    """One row per evaluated user: user_id, n_train, warm, the metrics at k, and popularity's NDCG."""
    k = model.lists.shape[1]
    return pd.DataFrame(
        {
            USER: np.array(user_ids, object)[model.users],
            "n_train": model.n_train,
            "warm": model.n_train >= cold_start_threshold,
            f"ndcg_at_{k}": model.ndcg,
            f"recall_at_{k}": model.recall,
            f"hit_rate_at_{k}": model.hit_rate,
            f"popularity_ndcg_at_{k}": popularity.ndcg,
        }
    )


def per_place(model: Evaluation, user_ids: Sequence[str], item_ids: Sequence[str]) -> pd.DataFrame:
    """One row per recommended place: user_id, rank from 1, item_id, score, hit."""
    places, ranks = np.nonzero(model.lists >= 0)
    return pd.DataFrame(
        {
            USER: np.array(user_ids, object)[model.users[places]],
            "rank": ranks + 1,
            ITEM: np.array(item_ids, object)[model.lists[places, ranks]],
            "score": model.scores[places, ranks],
            "hit": model.hits[places, ranks],
        }
    )


def per_item(model: Evaluation, items: pd.DataFrame, n_interactions: NDArray[np.integer]) -> pd.DataFrame:
    """One row per item of the catalogue: item_id, title, interactions in training, times recommended."""
    return pd.DataFrame(
        {
            ITEM: items[ITEM],
            TITLE: items[TITLE],
            "interactions": n_interactions,
            "recommended": exposure(model.lists, len(items)),
        }
    )


def per_feature(importances: Mapping[str, float]) -> pd.DataFrame:
    """One row per feature of the learned ranker: feature, its share in the gain of all; in the order given."""
    return pd.DataFrame({"feature": list(importances), "share": list(importances.values())})


def by_history(rows: Sequence[Mapping[str, object]], user_ids: Sequence[str]) -> pd.DataFrame:
    """A row per user answered as if less or more were known of them: user_id, group, n, ndcg, popularity_ndcg."""
    columns = ["group", "n", "user", "ndcg", "popularity_ndcg"]
    table = pd.DataFrame(list(rows), columns=columns)
    table.insert(0, "user_id", [user_ids[row] for row in table.pop("user")])
    return table


def numbers_by_history(table: pd.DataFrame, config: EvaluateConfig) -> dict[str, float]:
    """Per group and number of interactions the mean NDCG with the ends of its interval, such as `stranger_2_ndcg`."""
    numbers: dict[str, float] = {}
    for (group, n), rows in table.groupby(["group", "n"]):
        interval = mean_interval(
            rows["ndcg"].to_numpy(), np.random.default_rng(config.seed), config.bootstrap_samples, config.confidence
        )
        name = f"{group}_{n}_ndcg"
        numbers |= {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
        numbers[f"{group}_{n}_popularity_ndcg"] = float(rows["popularity_ndcg"].mean())
    return {**numbers, "n_replayed_users": table["user_id"].nunique()}


def of_strangers(table: pd.DataFrame) -> pd.DataFrame:
    """Per user of whom something, but little, was known the mean of `ndcg` and `popularity_ndcg`, by user_id."""
    cold = table[(table["group"] == "stranger") & (table["n"] > 0)]
    return cold.groupby(USER)[["ndcg", "popularity_ndcg"]].mean()


def cold_numbers(ndcg: NDArray[np.floating], config: EvaluateConfig) -> dict[str, float]:
    """How many cold users there are, replayed ones among them, and their mean NDCG with the ends of its interval."""
    if not len(ndcg):
        return {"n_cold_users": 0}
    interval = mean_interval(ndcg, np.random.default_rng(config.seed), config.bootstrap_samples, config.confidence)
    name = f"cold_ndcg_at_{config.k}"
    return {"n_cold_users": len(ndcg), name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
