"""What a candidate generator offers that scores items for a history alone, whoever it is the history of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from components.recommenders.history import History
from components.recommenders.protocol import Rows, Scores


@dataclass(frozen=True, slots=True)
class Asked:
    """What each asked item of a history adds to the scores of others.

    Attributes:
        rows, weights: items of the history, and how much each counts.
        sizes: how many items each speaks for.
        columns, values: those items, row by row, and by how much, before weighing.
    """

    rows: Rows
    weights: Scores
    sizes: NDArray[np.int64]
    columns: NDArray[np.intp]
    values: Scores


@dataclass(frozen=True, slots=True)
class Nearest:
    """What a model says for a history that has looked at a part of the catalogue alone.

    Attributes:
        items, scores: the item rows that it has looked at, and their scores.
        n_items: of the catalogue; `total` and `squares` are the sums over all of it of scores and of their squares.
        of: the scores of any item rows.
    """

    items: Rows
    scores: NDArray[np.floating]
    n_items: int
    total: float
    squares: float
    of: Callable[[Rows], NDArray[np.floating]]


class AsksIndex(ABC):
    """A generator that finds its best items without scoring every item; no protocol, as those are slow to check."""

    @abstractmethod
    def ask(self, history: History, n: int) -> Nearest:
        """About the `n` best items for a history."""


@runtime_checkable
class AnswersHistory(Protocol):
    """A fitted recommender whose scores depend on nothing of the user but the history."""

    def score_history(self, history: History) -> tuple[NDArray[np.floating], Asked | None]:
        """Scores of every item, (n_items,), higher is better; and for item-to-item models what they are the sum of."""
        ...

    def for_histories(self) -> Self:
        """The same without what it knows of the users it was trained on, which would only take room."""
        ...

    def save(self, folder: Path) -> None:
        """Write into `folder`, made when missing."""
        ...
