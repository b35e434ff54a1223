"""What judges an order was taught nothing of what it asks for, and a user counts once however many cuts ask."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Literal

import numpy as np
import pytest

from components.ranking.cut_trials import CutTrial, trials_of, worth_to_users
from components.ranking.examples import Measured, make_examples
from components.ranking.inner_split import InnerSplit, inner_splits
from components.ranking.learned_ranker import Examples
from components.ranking.pipeline import PipelineConfig, generators_of
from components.recommenders.ease import EaseConfig
from components.recommenders.session import SessionConfig
from tests.components.ranking.test_pipeline_laws import world

CONFIG = PipelineConfig(generators=[EaseConfig(regularisation=20), SessionConfig()])


def parts_of(kind: Literal["latest", "random"], n_splits: int) -> tuple[list[Measured], list[InnerSplit]]:
    splits = inner_splits(world("taste"), kind, n_splits, 0)
    return [make_examples(generators_of(CONFIG), split, 20, 30, 0.5, 0) for split in splits], splits


def overlap(one: InnerSplit, other: InnerSplit) -> bool:
    return one.wanted.multiply(other.wanted).nnz > 0


def test_random_cuts_judge_in_turn_and_none_teaches_what_it_judges() -> None:
    parts, splits = parts_of("random", 3)
    assert not any(overlap(one, other) for one, other in combinations(splits, 2))
    trials = trials_of(parts, splits, given=False)
    assert [trial.judge for trial in trials] == parts
    for place, trial in enumerate(trials):
        assert list(trial.teachers) == [part for part in parts if part is not parts[place]]


def test_of_cuts_of_the_latest_interactions_the_first_judges_alone() -> None:
    parts, splits = parts_of("latest", 3)
    (trial,) = trials_of(parts, splits, given=False)
    assert trial.judge is parts[0]
    assert trial.teachers == (parts[2],)
    assert overlap(splits[0], splits[1])
    assert not overlap(splits[0], splits[2])


def test_a_cut_that_is_given_judges_alone_and_all_others_teach() -> None:
    parts, splits = parts_of("random", 3)
    (trial,) = trials_of(parts, splits, given=True)
    assert (trial.judge, trial.teachers) == (parts[0], tuple(parts[1:]))


def measured(users: list[int], first_is_wanted: list[bool]) -> Measured:
    """Two candidates a user, of which one is wanted."""
    wanted = np.array([[first, not first] for first in first_is_wanted])
    n = len(users)
    examples = Examples(
        ("score of a",), np.zeros((n, 2, 1), np.float32), np.tile([0, 1], (n, 1)).astype(np.int32), wanted
    )
    return Measured(examples, {"a": np.zeros((n, 2), np.float32)}, np.ones(n, np.int64), n, np.array(users))


def test_a_user_counts_once_however_many_cuts_ask_about_them() -> None:
    trials = [
        CutTrial(measured([3, 5], [True, True]), ()),
        CutTrial(measured([5, 7], [False, False]), ()),
    ]
    order = np.array([[1.0, 0.0], [1.0, 0.0]], np.float32)
    second = 1 / np.log2(3)
    np.testing.assert_allclose(worth_to_users(trials, [order, order]), [1.0, (1 + second) / 2, second])


@pytest.mark.parametrize("of_others", [True, False])
def test_the_weights_of_a_blend_know_nothing_of_what_it_is_judged_by(of_others: bool) -> None:
    parts, splits = parts_of("random", 3)
    trial = trials_of(parts, splits, given=False)[0]
    everything = dict.fromkeys(trial.scores, 0.5)
    whole = trial.judge.n_whole
    # What users of even rows want tells the weights of odd rows alone, and nothing where others alone teach.
    examples = trial.judge.examples
    wanted = examples.wanted.copy()
    wanted[:whole:2] = ~wanted[:whole:2]
    other = replace(trial, judge=replace(trial.judge, examples=replace(examples, wanted=wanted)))
    one, two = trial.blend(everything, of_others), other.blend(everything, of_others)
    np.testing.assert_array_equal(one[::2], two[::2])
    assert np.array_equal(one[1::2], two[1::2]) == of_others
