"""The numbers of one row: quality with intervals, warm and cold users apart, and what the lists do to the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.metrics.beyond_accuracy import coverage, exposure, novelty
from components.metrics.bootstrap import mean_interval
from components.metrics.evaluate import ScoresUsers, evaluate, targets_of
from components.metrics.ranking import average_precision
from components.metrics.variety import intra_list_diversity
from components.recommenders.content import label_matrix
from components.recommenders.protocol import TrainingData

SAMPLES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Quality:
    """What lists are held against.

    Attributes:
        train: what users are known by when they are asked about.
        wanted: the relevant test interactions, (n_users, n_items).
    """

    train: TrainingData
    wanted: csr_array
    k: int
    cold_start_threshold: int
    seed: int

    @cached_property
    def barred(self) -> csr_array:
        """What is not recommended to whom; see `TrainingData.barred`."""
        return self.train.barred

    def barred_for(self, user: int) -> NDArray[np.int32]:
        """The item rows that are not recommended to a user."""
        found: NDArray[np.int32] = self.barred.indices[self.barred.indptr[user] : self.barred.indptr[user + 1]]
        return found


def measure(fitted: ScoresUsers, quality: Quality) -> dict[str, float | int | None]:
    """Numbers by name, such as `ndcg_at_10`, `ndcg_at_10_low`, `warm_ndcg_at_10`; None for one that does not exist.

    Raises:
        EvaluationError: no user has a relevant test interaction.
    """
    train, k = quality.train, quality.k
    result = evaluate(fitted, train.seen, quality.wanted, k, quality.barred)
    fresh = targets_of(quality.barred, quality.wanted)
    precision = average_precision(result.hits, np.diff(fresh.indptr)[result.users])
    per_user = {"ndcg": result.ndcg, "recall": result.recall, "hit_rate": result.hit_rate, "map": precision}
    warm = result.n_train >= quality.cold_start_threshold
    numbers: dict[str, float] = {}
    for name, values in per_user.items():
        interval = mean_interval(values, np.random.default_rng(quality.seed), SAMPLES, CONFIDENCE)
        numbers |= {f"{name}_at_{k}": interval.mean}
        numbers |= {f"{name}_at_{k}_low": interval.low, f"{name}_at_{k}_high": interval.high}
    for group, chosen in (("warm", warm), ("cold", ~warm)):
        interval = mean_interval(result.ndcg[chosen], np.random.default_rng(quality.seed), SAMPLES, CONFIDENCE)
        numbers |= {f"{group}_ndcg_at_{k}": interval.mean, f"n_{group}_users": int(chosen.sum())}
        numbers |= {f"{group}_ndcg_at_{k}_low": interval.low, f"{group}_ndcg_at_{k}_high": interval.high}
    exposures = exposure(result.lists, len(train.item_ids))
    labels = label_matrix(train.item_labels, tuple(sorted({label for row in train.item_labels for label in row})))
    numbers["coverage"] = coverage(exposures)
    numbers["novelty"] = novelty(exposures, np.asarray(train.seen.sum(axis=0)).astype(int), len(train.user_ids))
    numbers["diversity"] = intra_list_diversity(result.lists, labels)
    numbers["n_users"] = len(result.users)
    return {name: number if np.isfinite(number) else None for name, number in numbers.items()}
