"""The sequence model learns an order, places new items by what they say, and stops when its time is up."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.recommenders.events import ones
from components.recommenders.fold_in import RecentHistory
from components.recommenders.history import History, histories_of
from components.recommenders.protocol import Events, RecommenderError, Task, TrainingData
from components.recommenders.sequence_model import SequenceModel, SequenceModelConfig
from components.recommenders.sequences import FittedSequences
from components.retrieval.annoy_index import AnnoyIndex, build_index
from components.retrieval.indexed_factors import IndexedFactors

MISSING = SequenceModelConfig.missing()
N_ITEMS, N_USERS, LONG = 12, 60, 8
SMALL = SequenceModelConfig(dimensions=16, blocks=1, epochs=40, learning_rate=0.01, dropout=0.0, tokens=128)


def circle(seed: int = 0) -> TrainingData:
    """Each user walks round the items from somewhere, one after the other; item 11 is met by nobody, and skipped."""
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, N_ITEMS - 1, N_USERS)
    items = ((starts[:, None] + np.arange(LONG)) % (N_ITEMS - 1)).ravel().astype(np.int32)
    users = np.repeat(np.arange(N_USERS), LONG).astype(np.int32)
    seconds = np.tile(86_400 * np.arange(LONG), N_USERS)
    events = Events(users, items, np.ones(len(items), np.float32), np.ones(len(items), bool), seconds)
    matrix = ones(users, items, (N_USERS, N_ITEMS))
    ids = tuple(f"u{user}" for user in range(N_USERS)), tuple(f"i{item}" for item in range(N_ITEMS))
    labels = tuple((("low",) if item in (0, 1, 2, 3, 4, 5, 11) else ("high",)) for item in range(N_ITEMS))
    return TrainingData(*ids, matrix, matrix.copy(), labels, events=events)


def after(item: int) -> History:
    """Somebody who has met three items, the last of which is this."""
    items = ((item + np.array([-2, -1, 0])) % (N_ITEMS - 1)).astype(np.int32)
    return History(items, np.ones(3, np.float32), np.ones(3, bool), 86_400 * np.arange(3))


@pytest.fixture(scope="module")
def fitted() -> FittedSequences:
    return SMALL.build().fit(circle(), seed=1)


@pytest.mark.skipif(MISSING is None, reason="the extra `neural` is installed")
def test_without_the_extra_it_refuses_and_names_it() -> None:
    with pytest.raises(RecommenderError, match=r"recops\[neural\]"):
        SequenceModelConfig().build().fit(circle(), seed=1)
    assert SequenceModelConfig.grid(Task(in_order=True, timed=True, described=True, embedded=False)) == []


@pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
class TestInstalled:
    def test_what_comes_next_comes_first_for_anybody(self, fitted: FittedSequences) -> None:
        nexts = [int(np.argmax(fitted.score_history(after(item))[0])) for item in range(N_ITEMS - 1)]
        assert nexts == [(item + 1) % (N_ITEMS - 1) for item in range(N_ITEMS - 1)]

    def test_another_process_that_is_sent_it_answers_alike(self, fitted: FittedSequences) -> None:
        expected = fitted.score_history(after(3))[0]
        sent = pickle.loads(pickle.dumps(fitted))  # noqa: S301
        np.testing.assert_array_equal(sent.score_history(after(3))[0], expected)

    def test_a_user_of_training_is_scored_as_anybody_with_the_same_history(self, fitted: FittedSequences) -> None:
        histories = histories_of(circle())
        for user in (0, 7, N_USERS - 1):
            by_history = fitted.score_history(histories.of(user))[0]
            np.testing.assert_allclose(fitted.scores(np.array([user]))[0], by_history, rtol=1e-5, atol=1e-5)

    def test_what_is_new_stands_behind_what_is_known(self, fitted: FittedSequences) -> None:
        last = int(histories_of(circle()).of(3).items[-1])
        new = np.array([(last + 1) % (N_ITEMS - 1)], np.int32)
        scores = fitted.scores_from(RecentHistory(new, new), user=3, n_known=LONG)
        assert int(np.argmax(scores)) == (last + 2) % (N_ITEMS - 1)

    def test_an_index_over_its_items_finds_what_it_finds(self, fitted: FittedSequences, tmp_path: Path) -> None:
        path = tmp_path / "items.ann"
        build_index(path, fitted.item_factors, 10, 1)
        indexed = IndexedFactors(fitted, AnnoyIndex(path, fitted.item_factors.shape[1]), 1000)
        found = indexed.ask(after(4), N_ITEMS)
        best = found.items[np.argmax(found.scores)]
        assert int(best) == 5

    def test_a_new_item_stands_among_those_that_say_the_same(self, fitted: FittedSequences) -> None:
        directions = fitted.directions @ fitted.directions[11]
        low = list(range(6))
        high = list(range(6, 11))
        assert directions[low].mean() > directions[high].mean() + 0.2

    def test_without_an_item_tower_a_new_item_is_pushed_last(self) -> None:
        alone = SMALL.model_copy(update={"item_tower": False}).build().fit(circle(), seed=1)
        new_places = [
            int((alone.score_history(after(item))[0] > alone.score_history(after(item))[0][11]).sum())
            for item in range(11)
        ]
        assert np.mean(new_places) > N_ITEMS / 2

    def test_the_mean_tower_knows_no_order(self) -> None:
        two = SMALL.model_copy(update={"user_tower": "mean", "epochs": 5}).build().fit(circle(), seed=1)
        vectors = two.item_factors[[1, 2, 3]]
        marks, gaps = np.ones(3, np.int8), np.zeros(3, np.int8)
        still = replace(two.encoder, places=np.zeros_like(two.encoder.places))
        first, second = still.vector(vectors, marks, gaps), still.vector(vectors[::-1], marks, gaps)
        np.testing.assert_allclose(first, second, atol=1e-5)

    def test_it_stops_between_batches_when_its_time_is_up(self) -> None:
        ticks = count()
        timed = SMALL.model_copy(update={"max_seconds": 5.0, "epochs": 10_000})
        fitted = SequenceModel(timed, now=lambda: float(next(ticks))).fit(circle(), seed=1)
        assert np.isfinite(fitted.item_factors).all()
        assert next(ticks) < 10

    def test_sampled_items_teach_what_all_items_teach(self) -> None:
        sampled = SMALL.model_copy(update={"negatives": 4, "tokens": 16}).build().fit(circle(), seed=1)
        nexts = [int(np.argmax(sampled.score_history(after(item))[0])) for item in range(N_ITEMS - 1)]
        assert nexts == [(item + 1) % (N_ITEMS - 1) for item in range(N_ITEMS - 1)]

    def test_data_without_order_or_labels_are_taken(self) -> None:
        matrix = csr_array(np.eye(4, dtype=np.float32) + np.eye(4, k=1, dtype=np.float32))
        data = TrainingData(tuple("abcd"), tuple("wxyz"), matrix, matrix, ((),) * 4)
        fitted = SMALL.model_copy(update={"epochs": 2}).build().fit(data, seed=1)
        assert np.isfinite(fitted.scores(np.arange(4))).all()
