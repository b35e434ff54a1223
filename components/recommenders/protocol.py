"""What every recommender takes, returns and promises; tests/contracts holds each one to it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.config.section import Section
from components.recommenders.needs import STEPS, Needs, Size

Rows = NDArray[np.int32]
Scores = NDArray[np.float32]


YEAR, PRICE = "year", "price"
NUMBERS = (YEAR, PRICE)
"""The columns of `TrainingData.item_numbers`."""


MOST_KINDS = 12
"""Types of events that are told apart; with more, none is."""


PLACES = 86_400
"""Seconds since 1970 that all stay below this are places in a history (`timestamps.PLACES_UNTIL`)."""


class RecommenderError(ValueError):
    """Training data or a saved recommender cannot be used; the message says why."""


@dataclass(frozen=True)
class Events:
    """Interactions sorted by user, then time; one entry each, a user may meet an item more than once.

    Attributes:
        users, items: rows, int32.
        values: how much the user liked the item, float32.
        liked: whether the interaction is relevant.
        seconds: when, since 1970, int64; all zero where times are unknown, and then the order means nothing.
        kinds: of which type each is, as a place in `TrainingData.kinds`, int8; None where nobody knows.
    """

    users: Rows
    items: Rows
    values: NDArray[np.float32]
    liked: NDArray[np.bool_]
    seconds: NDArray[np.int64]
    kinds: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.users)

    @property
    def timed(self) -> bool:
        """Whether the order of a user's interactions is known."""
        return bool(len(self)) and bool(self.seconds.min() != self.seconds.max())

    @property
    def dated(self) -> bool:
        """Whether times of different users can be held against each other; those of one day of 1970 count places."""
        return self.timed and bool(self.seconds.max() >= PLACES)


@dataclass(frozen=True)
class TrainingData:
    """What a recommender may learn from. Row numbers are positions in `user_ids` and `item_ids`.

    Attributes:
        user_ids: external ids, one per row of the matrices.
        item_ids: external ids, one per column of the matrices.
        positives: relevant interactions, float32 ones, (n_users, n_items).
        seen: every interaction, relevant or not, float32 ones, (n_users, n_items).
        item_labels: per item its category and tags, case-folded, sorted, without repeats.
        item_texts: per item all that it says about itself (`item_text`); empty where there are no texts.
        events: every interaction in order; None where nothing but the matrices is known.
        item_numbers: `NUMBERS` of items, (n_items, len(NUMBERS)), NaN where unknown.
        item_vectors: embeddings that the user brings, (n_items, width), zero rows where there is none.
        repeats: whether people come back to what they liked, so that it is recommended, and asked for, again.
        kinds: the types of events, such as "purchase", sorted; empty where there is but one.
        traits: what is known of users by attribute: which of a few values each has, int8, (n_users,), -1 where unknown.
    """

    user_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    positives: csr_array
    seen: csr_array
    item_labels: tuple[tuple[str, ...], ...]
    item_texts: tuple[str, ...] = ()
    events: Events | None = None
    item_numbers: NDArray[np.float32] | None = None
    item_vectors: NDArray[np.float32] | None = None
    repeats: bool = False
    kinds: tuple[str, ...] = ()
    traits: Mapping[str, NDArray[np.int8]] = field(default_factory=dict)

    @property
    def barred(self) -> csr_array:
        """What is not recommended to whom, float32 ones: all that they have met, with `repeats` what they never liked
        of it."""
        if not self.repeats:
            return self.seen
        barred = csr_array(self.seen - self.seen.multiply(self.positives > 0))
        barred.eliminate_zeros()
        return barred


@dataclass(frozen=True)
class Ranking:
    """Items best first; equal scores are ordered by item row. Both arrays have the same length."""

    items: Rows
    scores: Scores

    def __len__(self) -> int:
        return len(self.items)


class FittedRecommender(Protocol):
    """A trained recommender: numpy and scipy are all it needs to answer."""

    form: ClassVar[str]

    @property
    def n_users(self) -> int:
        """How many user rows it knows."""
        ...

    @property
    def n_items(self) -> int:
        """How many item rows it scores."""
        ...

    def scores(self, users: NDArray[np.integer]) -> Scores:
        """Scores of every item, (len(users), n_items); higher is better."""
        ...

    def top_k(self, user: int, k: int, exclude: NDArray[np.integer]) -> Ranking:
        """The best `k` items of one user without the item rows in `exclude`; fewer when the catalogue ends."""
        ...

    def save(self, folder: Path) -> None:
        """Write into `folder`, made when missing; the same recommender always writes the same bytes."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        ...


@dataclass(frozen=True)
class Task:
    """What a comparison of recommenders asks for, and what its data know.

    Attributes:
        in_order: whether what users turn to next is asked for and the order of interactions known; else what lies
            between the interactions that are known is asked for.
        timed, described, embedded: whether times (more than an order), labels of items and item vectors are known.
        repeats: as in `TrainingData`.
    """

    in_order: bool
    timed: bool
    described: bool
    embedded: bool
    repeats: bool = False


class RecommenderConfig(Section):
    """The settings of one recommender, with defaults, in the file of the recommender.

    A subclass narrows `kind` to the one name that it has in params.yaml, in bundles and in reports.
    """

    kind: str

    @abstractmethod
    def build(self) -> Recommender:
        """The recommender with these settings."""

    def needs(self, size: Size) -> Needs:
        """What training on so much takes; a few passes over the interactions where a recommender says no more."""
        return Needs(100 * size.interactions / 1e6, 20 * size.interactions / STEPS)

    def within(self, size: Size, seconds: float, megabytes: float = float("inf")) -> Self:  # noqa: ARG002 see below
        """The same, made so small that training on so much takes about so much by `needs`; itself where it does, or
        where there is nothing that could be given up."""
        return self

    @classmethod
    def missing(cls) -> str | None:
        """What has to be installed before it can train, None where nothing is."""
        return None

    @classmethod
    def grid(cls, task: Task) -> Sequence[Self]:
        """The settings that a comparison tries, the one without tuning first; none where `task` is not for it."""
        return [cls.model_validate({})]

    @classmethod
    def as_generators(cls, task: Task, best: Self) -> Sequence[Self]:
        """Its settings in the full pipeline of a comparison, `best` of its grid; by default it is not in there."""
        return []


class Recommender(Protocol):
    """A way of training. The kind of its settings is the folder of its fitted form."""

    @property
    def config(self) -> RecommenderConfig:
        """Its settings."""
        ...

    def fit(self, data: TrainingData, seed: int) -> FittedRecommender:
        """Learn from `data`, which stays unchanged; the same data and seed give the same scores.

        Raises:
            RecommenderError: there is no user, no item or no relevant interaction.
        """
        ...


def check_trainable(data: TrainingData) -> None:
    """Refuse data nothing can be learnt from.

    Raises:
        RecommenderError: there is no user, no item or no relevant interaction, or shapes disagree.
    """
    shape = (len(data.user_ids), len(data.item_ids))
    if 0 in shape:
        raise RecommenderError(f"nothing to learn from: {shape[0]} users and {shape[1]} items")
    if data.positives.shape != shape or data.seen.shape != shape or len(data.item_labels) != shape[1]:
        raise RecommenderError(
            f"shapes disagree: {shape[0]} users and {shape[1]} items, positives {data.positives.shape}, "
            f"seen {data.seen.shape}, labels of {len(data.item_labels)} items"
        )
    if data.positives.nnz == 0:
        raise RecommenderError("nothing to learn from: no interaction reaches prepare.positive_threshold")


def item_labels(category: str, tags: Sequence[str]) -> tuple[str, ...]:
    """Category and tags of one item as labels: case-folded, sorted, without blanks and repeats."""
    folded = {label.strip().casefold() for label in (category, *tags)}
    return tuple(sorted(folded - {""}))
