"""Chooses what to ask a newcomer about: items that they likely know, and whose answers say most of their taste.

A taste is a point in the space of the users' histories (their first principal components), of which a newcomer's is
normally distributed with the users' spread. An item is worth the share of the users who met it times the information of
its answer, log(1 + v' S v / noise), where S is the spread that the answers so far leave; each item chosen counts as
answered for the next one, so that they differ. Greedy D-optimal design: Krause and Golovin, "Submodular Function
Maximization" (2014); for newcomers: Rashid et al., "Getting to Know You" (IUI 2002).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

N_COMPONENTS = 16
NOISE = 0.05
"""Of an answer, in the variance of a whole history along one component."""


@dataclass(frozen=True)
class Onboarding:
    """What a catalogue's users tell about its items.

    Attributes:
        directions: what each item says of a taste, scaled by the users' spread, (n_items, n_components).
        known: the share of the users who met each item, (n_items,).
    """

    directions: NDArray[np.float64]
    known: NDArray[np.float64]

    def ask(self, answered: Collection[int], passed: Collection[int], k: int) -> list[int]:
        """At most `k` item rows to ask about, the first the best, without those `answered` and those `passed` over."""
        spread = np.eye(self.directions.shape[1])
        for row in answered:
            spread = _narrowed(spread, self.directions[row])
        worth = self.known.copy()
        worth[[*answered, *passed]] = 0
        chosen: list[int] = []
        for _ in range(k):
            told = np.einsum("ij,jk,ik->i", self.directions, spread, self.directions)
            values = np.round(worth * np.log1p(told / NOISE), 9)  # equal ones in the order of their rows
            best = int(np.argmax(values))
            if values[best] <= 0:
                break
            chosen.append(best)
            worth[best] = 0
            spread = _narrowed(spread, self.directions[best])
        return chosen


def learn_onboarding(history: csr_array) -> Onboarding:
    """From who met what, (n_users, n_items)."""
    n_users, n_items = history.shape
    known = np.bincount(history.indices, minlength=n_items) / max(n_users, 1)
    n_components = min(N_COMPONENTS, n_users - 1, n_items - 1)
    if n_components < 1:
        return Onboarding(np.zeros((n_items, 1)), known)
    matrix = csr_array((np.ones(history.nnz), history.indices, history.indptr), shape=history.shape)
    _, values, components = svds(matrix, k=n_components, random_state=0, v0=np.ones(min(matrix.shape)))
    return Onboarding(components.T * (values / np.sqrt(n_users)), known)


def _narrowed(spread: NDArray[np.float64], direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is left of the spread once the answer along `direction` is known."""
    towards = spread @ direction
    return spread - np.outer(towards, towards) / (NOISE + float(direction @ towards))
