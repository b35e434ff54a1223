"""Which cuts judge an order, by what was learnt from cuts that ask for nothing of what they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from components.ranking.blend import blended, qualities
from components.ranking.blend_weights import learn_weights, opinions_in
from components.ranking.examples import Measured
from components.ranking.inner_split import InnerSplit
from components.ranking.learned_ranker import Examples, LearnedRanker
from components.recommenders.protocol import Scores

Part = TypeVar("Part")
K = 10


@dataclass(frozen=True)
class CutTrial:
    """A cut that judges, with all candidates of its whole users, and those that may teach what it judges."""

    judge: Measured
    teachers: tuple[Measured, ...]

    @property
    def scores(self) -> dict[str, Scores]:
        """Of whole users by generator."""
        return {name: values[: self.judge.n_whole] for name, values in self.judge.scores.items()}

    @property
    def examples(self) -> list[Examples]:
        """What may teach."""
        return [each.examples for each in self.teachers]

    def worth(self, order: NDArray[np.floating]) -> NDArray[np.float64]:
        """NDCG of each whole user's list where candidates are ordered so, (n_whole,)."""
        whole, examples = slice(0, self.judge.n_whole), self.judge.examples
        return qualities(order, examples.items[whole], examples.wanted[whole], self.judge.n_wanted[whole], K)

    def ordered_by(self, ranker: LearnedRanker) -> Scores:
        """What a ranker says of the candidates of whole users."""
        rows = self.judge.examples.seeing(ranker.names).features[: self.judge.n_whole]
        return ranker.scores(rows.reshape(-1, rows.shape[2])).reshape(rows.shape[:2])

    def blend(self, everything: Mapping[str, float], of_others: bool) -> Scores:
        """Whole users' candidates by weights learnt from the teachers, and from the other half of the users where not
        `of_others` alone."""
        names, n_whole = tuple(self.scores), self.judge.n_whole
        said = [opinions_in(each.examples, names, np.arange(each.n_whole)) for each in self.teachers]
        if of_others:
            return blended(self.scores, learn_weights(said, names) or everything)
        halves = np.arange(n_whole) % 2 == 0
        crossed = np.empty_like(self.scores[names[0]])
        for half in (halves, ~halves):
            other = opinions_in(self.judge.examples, names, np.flatnonzero(~half))
            crossed[half] = blended(self.scores, learn_weights([other, *said], names) or everything)[half]
        return crossed


def trials_of(parts: Sequence[Measured], splits: Sequence[InnerSplit], given: bool) -> list[CutTrial]:
    """Every cut in turn where no two ask for the same, else the first, and that alone where it was `given` to judge."""
    if not given and judge_in_turn(splits):
        return [CutTrial(part, (*parts[:place], *parts[place + 1 :])) for place, part in enumerate(parts)]
    return [CutTrial(parts[0], tuple(parts[1:] if given else judged_apart(parts[1:], splits[1:])))]


def judge_in_turn(splits: Sequence[InnerSplit]) -> bool:
    """Whether each of several cuts is as like the real task as the first, and no two ask for the same."""
    return len(splits) > 1 and all(split.apart for split in splits)


def judged_apart(parts: Sequence[Part], splits: Sequence[InnerSplit]) -> list[Part]:
    """The parts that ask for nothing that the first cut asks for: learnt from the others, a ranker would know what it
    is judged by.
    """
    return [part for part, split in zip(parts, splits, strict=True) if not split.overlaps_first]


def worth_to_users(trials: Sequence[CutTrial], orders: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """What an order, given for each trial, is worth to each user, on average over the trials that ask about them.

    A user's lists of different cuts are no independent observations, so that users are what a standard error counts.
    """
    users = np.concatenate([trial.judge.users[: trial.judge.n_whole] for trial in trials])
    values = np.concatenate([trial.worth(order) for trial, order in zip(trials, orders, strict=True)])
    _, rows, counts = np.unique(users, return_inverse=True, return_counts=True)
    return np.asarray(np.bincount(rows, values) / counts, np.float64)
