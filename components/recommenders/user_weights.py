"""The fitted form of models of users instead of items: what the users most like one have met."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.array_folder import read_array, read_header, write_arrays
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.protocol import Ranking, Scores


@dataclass(frozen=True)
class FittedUserWeights:
    """The scores of a user are their row of `neighbours` times `history`.

    Attributes:
        neighbours: what other users count for each, float32, (n_users, n_users).
        history: what each user has met, float32, (n_users, n_items).
    """

    neighbours: csr_array
    history: csr_array

    form: ClassVar[str] = "user_weights"

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        return int(self.neighbours.shape[0])

    @property
    def n_items(self) -> int:
        """How many item rows it scores."""
        return int(self.history.shape[1])

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items); zeros for a user without neighbours."""
        return np.asarray((self.neighbours[users] @ self.history).toarray(), np.float32)

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items of one user without `exclude`."""
        return top_k_of_scores(self.scores(np.array([user]))[0], k, exclude)

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        arrays: dict[str, NDArray[Any]] = {}
        for name, matrix in (("neighbours", self.neighbours), ("history", self.history)):
            arrays[f"{name}_values"] = matrix.data.astype(np.float32)
            arrays[f"{name}_columns"] = matrix.indices.astype(np.int32)
            arrays[f"{name}_offsets"] = matrix.indptr.astype(np.int64)
        write_arrays(folder, {"form": self.form, "n_users": self.n_users, "n_items": self.n_items}, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        header, matrices = read_header(folder), []
        for name, width in (("neighbours", "n_users"), ("history", "n_items")):
            values, columns, offsets = (
                read_array(folder, f"{name}_{part}") for part in ("values", "columns", "offsets")
            )
            matrices.append(csr_array((values, columns, offsets), shape=(len(offsets) - 1, int(header[width]))))
        return cls(*matrices)
