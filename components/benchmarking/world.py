"""What recommenders are compared on: what they learn from, what is known when they are asked, what is looked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.benchmarking.asked import AskedLater, Scorer
from components.ranking.inner_split import InnerSplit
from components.recommenders.events import events_of
from components.recommenders.history import Histories, histories_of
from components.recommenders.protocol import FittedRecommender, TrainingData


@dataclass(frozen=True)
class ComparedWorld:
    """Users and items have the same rows everywhere.

    Attributes:
        train: what is learnt from.
        wanted: the relevant test interactions, (n_users, n_items).
        asked: as `train`, with what is known besides when users are asked about; None where that is nothing.
        chosen_by: what settings are chosen by, None where a cut inside `train` does. Its `known` may be `train` itself.
    """

    train: TrainingData
    wanted: csr_array
    asked: TrainingData | None = None
    chosen_by: InnerSplit | None = field(default=None)

    @property
    def known(self) -> TrainingData:
        """Everything that is known of users when they are asked about."""
        return self.train if self.asked is None else self.asked

    @cached_property
    def histories(self) -> Histories:
        """The histories that users are asked about with."""
        return histories_of(self.known)

    @cached_property
    def n_learnt(self) -> NDArray[np.int64]:
        """How many of each history's interactions were learnt from."""
        return np.bincount(events_of(self.train).users, minlength=len(self.train.user_ids)).astype(np.int64)

    def asking(self, fitted: FittedRecommender) -> Scorer:
        """`fitted` as it answers with what is known."""
        return fitted if self.asked is None else AskedLater(fitted, self.histories, self.n_learnt)
