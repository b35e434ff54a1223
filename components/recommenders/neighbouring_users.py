"""The fitted form of user neighbours: whose likes overlap most with a history, and what they liked besides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.recommenders.array_folder import read_array, read_header, write_arrays
from components.recommenders.csr_rows import CsrRows
from components.recommenders.exact_top_k import top_k_of_scores
from components.recommenders.history import History
from components.recommenders.protocol import Ranking, Scores


@dataclass(frozen=True)
class FittedNeighbours:
    """Neighbours are found anew for every history, so that who was trained on and a stranger are asked alike.

    Who was trained on is among their own neighbours; that adds to nothing but what they have met.

    Attributes:
        history: what each user likes, float32 ones, (n_users, n_items).
        met_by: which of the users, or of a sample of them, like each item, float32 ones, (n_items, n_users).
        rarity: how much an item that is shared counts, (n_items,).
        totals: the rarity of all that each user likes, (n_users,).
        shrink: added to the geometric mean of two users' totals, over which their shared rarity is their likeness.
        top: how many neighbours speak.
    """

    history: csr_array
    met_by: csr_array
    rarity: NDArray[np.float64]
    totals: NDArray[np.float64]
    shrink: float
    top: int

    form: ClassVar[str] = "neighbours"

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        return int(self.history.shape[0])

    @property
    def n_items(self) -> int:
        """How many item rows it scores."""
        return int(self.history.shape[1])

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items); zeros for a user without likes."""
        found = np.zeros((len(users), self.n_items), np.float32)
        for row, user in enumerate(users.tolist()):
            likes = self.history.indices[self.history.indptr[user] : self.history.indptr[user + 1]]
            found[row] = self._scores(np.sort(likes))
        return found

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items of one user without `exclude`."""
        return top_k_of_scores(self.scores(np.array([user]))[0], k, exclude)

    def score_history(self, history: History) -> tuple[NDArray[np.floating], None]:
        """Scores of every item by the neighbours of what the history likes."""
        return self._scores(history.likes), None

    def for_histories(self) -> Self:
        """The same: others' likes are what it answers from."""
        return self

    def _scores(self, likes: NDArray[np.integer]) -> NDArray[np.float64]:
        if not len(likes):
            return np.zeros(self.n_items)
        counts = self.rarity[likes]
        sizes, users, _ = self._met_by.laid_out(likes)
        shared = np.bincount(users, np.repeat(counts, sizes), self.n_users)
        near = np.flatnonzero(shared)
        likeness = shared[near] / (np.sqrt(counts.sum() * self.totals[near]) + self.shrink)
        if len(near) > self.top:
            strongest = np.sort(np.argpartition(likeness, len(near) - self.top)[len(near) - self.top :])
            near, likeness = near[strongest], likeness[strongest]
        sizes, items, _ = self._liked.laid_out(near)
        return np.asarray(np.bincount(items, np.repeat(likeness, sizes), self.n_items), np.float64)

    @cached_property
    def _met_by(self) -> CsrRows:
        return CsrRows.of_matrix(self.met_by)

    @cached_property
    def _liked(self) -> CsrRows:
        return CsrRows.of_matrix(self.history)

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        arrays: dict[str, NDArray[Any]] = {"rarity": self.rarity, "totals": self.totals}
        for name, matrix in (("history", self.history), ("met_by", self.met_by)):
            arrays[f"{name}_columns"] = matrix.indices.astype(np.int32)
            arrays[f"{name}_offsets"] = matrix.indptr.astype(np.int64)
        write_arrays(folder, {"form": self.form, "shrink": self.shrink, "top": self.top}, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        header = read_header(folder)
        rarity, totals = read_array(folder, "rarity"), read_array(folder, "totals")

        def ones(name: str, shape: tuple[int, int]) -> csr_array:
            columns, offsets = (read_array(folder, f"{name}_{part}") for part in ("columns", "offsets"))
            return csr_array((np.ones(len(columns), np.float32), columns, offsets), shape=shape)

        n_users, n_items = len(totals), len(rarity)
        history, met_by = ones("history", (n_users, n_items)), ones("met_by", (n_items, n_users))
        return cls(history, met_by, rarity, totals, float(header["shrink"]), int(header["top"]))
