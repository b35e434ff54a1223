"""Laws of the pictures: which users share a point, and that odd tables are drawn as well."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.adapters.mlflow.plots import activity_groups, draw_pictures
from components.config.evaluate import EvaluateConfig

EVALUATE = EvaluateConfig(k=10, bootstrap_samples=50, confidence=0.95, seed=1, replayed_users=10)


def groups(n_train: list[int], at_most: int = 3) -> list[tuple[int, int, int]]:
    found = activity_groups(np.array(n_train, int), at_most)
    return [(least, most, int(mask.sum())) for least, most, mask in found]


@pytest.mark.parametrize(
    ("n_train", "expected"),
    [
        ([9, 1, 8, 2, 7, 3], [(1, 2, 2), (3, 7, 2), (8, 9, 2)]),
        ([5, 5, 5, 5], [(5, 5, 4)]),
        ([1, 1, 1, 1, 1, 9], [(1, 1, 5), (9, 9, 1)]),
        ([4], [(4, 4, 1)]),
        ([], []),
    ],
)
def test_every_user_is_in_one_group_and_equal_activity_stays_together(
    n_train: list[int], expected: list[tuple[int, int, int]]
) -> None:
    assert groups(n_train) == expected


@pytest.mark.parametrize(("users", "hits"), [(40, 3), (1, 0), (1, 10)])
def test_three_pictures_are_drawn(tmp_path: Path, users: int, hits: int) -> None:
    rng = np.random.default_rng(2)
    per_user = {"n_train": rng.integers(1, 50, users), "ndcg_at_10": rng.random(users)}
    pd.DataFrame({**per_user, "popularity_ndcg_at_10": rng.random(users)}).to_parquet(tmp_path / "per_user.parquet")
    items = pd.DataFrame({"recommended": [users, 0, 0], "interactions": [5, 1, 0]})
    items.to_parquet(tmp_path / "item_exposure.parquet")
    scores = pd.DataFrame({"score": rng.random(10), "hit": np.arange(10) < hits})
    scores.to_parquet(tmp_path / "scores.parquet")
    draw_pictures(tmp_path, tmp_path / "pictures", EVALUATE, "a test")
    pictures = sorted((tmp_path / "pictures").iterdir())
    assert [path.name for path in pictures] == ["coverage.png", "quality_by_activity.png", "score_distribution.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
