"""The flat numbers of an evaluation: the model beside popularity, warm users apart from cold ones, with intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.config.evaluate import EvaluateConfig
from components.metrics.beyond_accuracy import coverage, exposure, novelty
from components.metrics.bootstrap import Interval, mean_interval, paired_difference
from components.metrics.evaluate import Evaluation


def summarise(
    model: Evaluation,
    popularity: Evaluation,
    n_interactions: NDArray[np.integer],
    n_users: int,
    cold_start_threshold: int,
    config: EvaluateConfig,
) -> dict[str, float]:
    """Metrics by name, such as `ndcg_at_10`, `ndcg_at_10_low`, `warm_ndcg_at_10`, `popularity_ndcg_at_10`.

    A number that does not exist, such as the NDCG of cold users when all are warm, is left out; `n_cold_users` says
    why. `gain_*` is the model's NDCG minus popularity's on the same users, with a paired interval.

    Args:
        model, popularity: evaluations of the same users with `config.k` places.
        n_interactions: users who interacted with each item in training, (n_items,).
        n_users: how many users training had.
    """
    k = config.k
    warm = model.n_train >= cold_start_threshold
    exposures = exposure(model.lists, len(n_interactions))
    numbers: dict[str, float] = {"n_users": len(model.users)}
    for group, chosen in (("", np.full(len(warm), True)), ("warm_", warm), ("cold_", ~warm)):
        if group:
            numbers[f"n_{group}users"] = int(chosen.sum())
        numbers |= _with_ends(f"{group}ndcg_at_{k}", _interval(model.ndcg[chosen], config))
        numbers |= _with_ends(f"{group}recall_at_{k}", _interval(model.recall[chosen], config))
        numbers |= _with_ends(f"{group}hit_rate_at_{k}", _interval(model.hit_rate[chosen], config))
        numbers |= _with_ends(f"{group}popularity_ndcg_at_{k}", _interval(popularity.ndcg[chosen], config))
    gain = paired_difference(model.ndcg, popularity.ndcg, _rng(config), config.bootstrap_samples, config.confidence)
    numbers |= _with_ends(f"gain_ndcg_at_{k}", gain)
    shown = exposure(popularity.lists, len(n_interactions))
    numbers["coverage"] = coverage(exposures)
    numbers["novelty"] = novelty(exposures, n_interactions, n_users)
    numbers["popularity_coverage"] = coverage(shown)
    numbers["popularity_novelty"] = novelty(shown, n_interactions, n_users)
    return {name: number for name, number in numbers.items() if np.isfinite(number)}


def _interval(values: NDArray[np.floating], config: EvaluateConfig) -> Interval:
    return mean_interval(values, _rng(config), config.bootstrap_samples, config.confidence)


def _rng(config: EvaluateConfig) -> np.random.Generator:
    """A fresh one each time, so that a metric does not depend on which others are computed before it."""
    return np.random.default_rng(config.seed)


def _with_ends(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
