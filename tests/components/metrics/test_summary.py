"""The flat numbers keep warm and cold users, and the model and popularity, apart."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from components.config.evaluate import EvaluateConfig
from components.metrics import plot_data, tables
from components.metrics.evaluate import Evaluation, evaluate
from components.metrics.summary import summarise
from components.recommenders.factors import FittedFactors

CONFIG = EvaluateConfig(k=2, bootstrap_samples=200, confidence=0.9, seed=1, replayed_users=10)
SEEN = csr_array(np.array([[1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]], np.float32))
RELEVANT = csr_array(np.array([[0, 0, 0, 1, 0, 0], [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 1]], np.float32))
USERS, ITEMS = ("a", "b", "c"), tuple("uvwxyz")


def evaluated(scores: list[float]) -> Evaluation:
    factors = FittedFactors(np.array([scores] * 3, np.float32), np.eye(6, dtype=np.float32), 6)
    return evaluate(factors, SEEN, RELEVANT, k=2)


MODEL = evaluated([0, 0, 0, 3, 2, 1])
POPULARITY = evaluated([6, 5, 4, 1, 3, 2])
COUNTS = np.array([3, 2, 1, 0, 0, 0])


def numbers(threshold: int) -> dict[str, float]:
    return summarise(MODEL, POPULARITY, COUNTS, len(USERS), threshold, CONFIG)


def test_all_warm_and_cold() -> None:
    found = numbers(threshold=2)
    assert (found["n_users"], found["n_warm_users"], found["n_cold_users"]) == (3, 2, 1)
    assert found["ndcg_at_2"] == pytest.approx(2 / 3)
    assert (found["warm_ndcg_at_2"], found["cold_ndcg_at_2"]) == (1.0, 0.0)
    assert found["ndcg_at_2_low"] <= found["ndcg_at_2"] <= found["ndcg_at_2_high"]
    assert found["coverage"] == 2 / 6
    assert found["popularity_coverage"] == 4 / 6
    assert found["gain_ndcg_at_2"] == pytest.approx(found["ndcg_at_2"] - found["popularity_ndcg_at_2"])


def test_numbers_of_a_group_without_users_are_left_out() -> None:
    found = numbers(threshold=0)
    assert found["n_cold_users"] == 0
    assert not [name for name in found if name.startswith("cold_")]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_same_seed_gives_the_same_numbers() -> None:
    assert numbers(2) == numbers(2)


def test_tables_carry_external_ids() -> None:
    per_user = tables.per_user(MODEL, POPULARITY, USERS, cold_start_threshold=2)
    assert per_user["user_id"].tolist() == ["a", "b", "c"]
    assert per_user["warm"].tolist() == [True, True, False]
    assert per_user["ndcg_at_2"].tolist() == [1.0, 1.0, 0.0]
    per_place = tables.per_place(MODEL, USERS, ITEMS)
    assert per_place[["user_id", "rank", "item_id", "hit"]].values.tolist()[:2] == [
        ["a", 1, "x", True],
        ["a", 2, "y", False],
    ]
    items = pd.DataFrame({"item_id": ITEMS, "title": [name.upper() for name in ITEMS]})
    per_item = tables.per_item(MODEL, items, COUNTS)
    assert per_item["recommended"].sum() == len(per_place) == 6
    assert per_item["interactions"].tolist() == COUNTS.tolist()


def test_quality_by_activity_puts_every_user_into_one_group() -> None:
    per_user = pd.DataFrame({"n_train": [1, 2, 3, 4, 50, 60], "a": [0.0, 0, 1, 1, 1, 0], "b": 0.5})
    table = plot_data.quality_by_activity(per_user, "a", "b", groups=3)
    assert table["users"].tolist() == [2, 2, 2]
    assert table["n_train"].tolist() == [1.5, 3.5, 55.0]
    assert table["a"].tolist() == [0.0, 1.0, 0.5]
    alike = plot_data.quality_by_activity(per_user.assign(n_train=7), "a", "b")
    assert (alike["users"].tolist(), alike["n_train"].tolist()) == ([6], [7.0])


def test_the_coverage_curve_rises_from_nothing_to_everything() -> None:
    curve = plot_data.coverage_curve(np.array([0, 3, 1, 0]))
    assert curve["catalogue"].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert curve["recommendations"].tolist() == [0.0, 0.75, 1.0, 1.0, 1.0]


def test_score_densities_integrate_to_one() -> None:
    scores = pd.DataFrame({"score": np.linspace(0, 3, 90), "hit": [True, False, False] * 30})
    table = plot_data.score_distribution(scores)
    width = table["score"].diff().iloc[1]
    assert (table["hits"].sum() * width, table["misses"].sum() * width) == (pytest.approx(1), pytest.approx(1))
    nobody = plot_data.score_distribution(scores.assign(hit=False))
    assert nobody["hits"].tolist() == [0.0] * len(nobody)
