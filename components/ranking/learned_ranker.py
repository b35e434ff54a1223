"""LambdaMART over the features of candidates: gradient boosted trees that optimise NDCG (Burges 2010, LightGBM)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from components.config.section import Section
from components.recommenders.protocol import Scores


class RankerConfig(Section):
    """LambdaMART; below `min_users` users to learn from a blend ranks instead.

    It learns from the best `n_candidates` of each user, and the scores of `n_seeds` models are averaged.
    """

    n_candidates: int = Field(default=150, ge=10)
    leaves: int = Field(default=31, ge=2)
    rounds: int = Field(default=100, ge=1)
    learning_rate: float = Field(default=0.08, gt=0)
    min_leaf_rows: int = Field(default=300, ge=1)
    l2: float = Field(default=20.0, ge=0)
    feature_share: float = Field(default=0.4, gt=0, le=1)
    truncation: int = Field(default=50, ge=1)
    n_seeds: int = Field(default=3, ge=1)
    min_users: int = Field(default=100, ge=2)


@dataclass(frozen=True)
class Examples:
    """Candidates with what became of them.

    Attributes:
        names: of the features.
        features: (n_users, n_candidates, n_features) float32.
        items: item rows, the most promising first, -1 where there are fewer, (n_users, n_candidates).
        wanted: whether the user then liked it, (n_users, n_candidates).
    """

    names: tuple[str, ...]
    features: Scores
    items: NDArray[np.int32]
    wanted: NDArray[np.bool_]

    def first(self, n: int) -> Examples:
        """Of each user the `n` most promising candidates, in memory of their own."""
        return Examples(self.names, self.features[:, :n].copy(), self.items[:, :n].copy(), self.wanted[:, :n].copy())

    def seeing(self, names: tuple[str, ...]) -> Examples:
        """The same with the features `names` alone, which are among those that there are."""
        if names == self.names:
            return self
        places = [self.names.index(name) for name in names]
        return Examples(names, self.features[:, :, places], self.items, self.wanted)


@dataclass(frozen=True)
class LearnedRanker:
    """Trees of several seeds, whose scores are averaged."""

    names: tuple[str, ...]
    models: tuple[Any, ...]

    def scores(self, rows: Scores) -> Scores:
        """Higher is better, (n_candidates,), comparable within a user; `rows` has the features `names` as columns."""
        if not len(rows):
            return np.empty(0, np.float32)
        total = np.mean([model.predict(rows, num_threads=1) for model in self.models], axis=0)
        return np.asarray(total, np.float32)

    @property
    def texts(self) -> tuple[str, ...]:
        """LightGBM's own text form of each model."""
        return tuple(model.model_to_string() for model in self.models)

    @classmethod
    def from_texts(cls, names: tuple[str, ...], texts: Sequence[str]) -> Self:
        """The ranker whose `names` and `texts` these are."""
        import lightgbm

        return cls(names, tuple(lightgbm.Booster(model_str=text) for text in texts))

    @property
    def importances(self) -> dict[str, float]:
        """Share of each feature in the total gain, the largest first; they add up to 1."""
        gains = np.mean([model.feature_importance("gain") for model in self.models], axis=0)
        shares = gains / max(float(gains.sum()), 1e-12)
        return {self.names[place]: float(shares[place]) for place in np.argsort(-shares, kind="stable")}


def train_ranker(
    parts: Sequence[Examples], config: RankerConfig, seed: int, names: tuple[str, ...] | None = None
) -> LearnedRanker | None:
    """Learn from all `parts`; None where fewer than `config.min_users` users have a wanted candidate.

    `names` are the features that it sees, among those that there are; None: all.

    Users whose candidates hold nothing wanted teach nothing about order and are left out.
    """
    import lightgbm

    names = parts[0].names if names is None else names
    rows, labels, sizes = _useful(parts, config.n_candidates, names)
    if len(sizes) < config.min_users:
        return None
    # Its raw rows are dropped once they are sorted into bins, before the first tree.
    data = lightgbm.Dataset(rows, labels, group=sizes, free_raw_data=True, feature_name="auto")
    del rows
    models = [lightgbm.train(_settings(config, seed + step), data, config.rounds) for step in range(config.n_seeds)]
    return LearnedRanker(names, tuple(models))


def _useful(
    parts: Sequence[Examples], n_candidates: int, names: tuple[str, ...]
) -> tuple[Scores, NDArray[np.int64], NDArray[np.int64]]:
    """The candidates of users with a wanted one: features, whether wanted, and how many each user has; copied once."""
    kept = []
    for part in parts:
        useful = np.flatnonzero(part.wanted[:, :n_candidates].any(axis=1))
        kept.append((part, useful, part.items[useful, :n_candidates] >= 0))
    sizes = np.concatenate([real.sum(axis=1) for _, _, real in kept])
    rows = np.empty((int(sizes.sum()), len(names)), np.float32)
    labels = np.empty(len(rows), np.int64)
    start = 0
    for part, useful, real in kept:
        seen: slice | list[int] = slice(None) if part.names == names else [part.names.index(name) for name in names]
        for user, mine in zip(useful.tolist(), real, strict=True):
            stop = start + int(mine.sum())
            rows[start:stop] = part.features[user, :n_candidates][mine][:, seen]
            labels[start:stop] = part.wanted[user, :n_candidates][mine]
            start = stop
    return rows, labels, sizes


def train_chances(
    parts: Sequence[tuple[Examples, NDArray[np.bool_]]], config: RankerConfig, seed: int
) -> LearnedRanker:
    """Learn the chance of an outcome, given for each candidate of each part; every candidate counts alike."""
    import lightgbm

    rows = np.concatenate([part.features[part.items >= 0] for part, _ in parts])
    labels = np.concatenate([happened[part.items >= 0] for part, happened in parts]).astype(int)
    data = lightgbm.Dataset(rows, labels, free_raw_data=False, feature_name="auto")
    settings = [_settings(config, seed + step) | {"objective": "binary"} for step in range(config.n_seeds)]
    return LearnedRanker(parts[0][0].names, tuple(lightgbm.train(each, data, config.rounds) for each in settings))


def _settings(config: RankerConfig, seed: int) -> dict[str, Any]:
    return {
        "objective": "lambdarank",
        "lambdarank_truncation_level": config.truncation,
        "num_leaves": config.leaves,
        "learning_rate": config.learning_rate,
        "min_child_samples": config.min_leaf_rows,
        "lambda_l2": config.l2,
        "feature_fraction": config.feature_share,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbose": -1,
    }
