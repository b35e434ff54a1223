"""What every recommender keeps to. A new one in components/recommenders is found and tested without being named."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.params.train import RANKING
from components.ranking.fitted_pipeline import load_model
from components.recommenders.protocol import FittedRecommender, Recommender, RecommenderError, TrainingData
from components.recommenders.registry import RECOMMENDERS as RECOMMENDER_FILES
from components.recommenders.registry import kinds_in
from tests.worlds import checkerboard

NOTHING = np.empty(0, np.int32)
RECOMMENDERS = [settings.model_validate({}).build() for settings in kinds_in(RECOMMENDER_FILES, RANKING).values()]


@pytest.fixture(params=RECOMMENDERS, ids=lambda recommender: recommender.config.kind)
def recommender(request: pytest.FixtureRequest) -> Recommender:
    found: Recommender = request.param
    if missing := found.config.missing():
        pytest.skip(f"{found.config.kind}: {missing}")
    return found


@pytest.fixture
def data() -> TrainingData:
    """The checkerboard, in which the last user has no history and the last item neither fans nor labels."""
    board = checkerboard()
    positives = board.positives.toarray()
    positives[-1, :] = 0
    positives[:, -1] = 0
    return replace(
        board, positives=csr_array(positives), seen=csr_array(positives), item_labels=(*board.item_labels[:-1], ())
    )


@pytest.fixture
def fitted(recommender: Recommender, data: TrainingData) -> FittedRecommender:
    return recommender.fit(data, seed=1)


def everybody(fitted: FittedRecommender) -> np.ndarray:
    return np.arange(fitted.n_users)


def test_every_file_with_a_way_of_training_is_found() -> None:
    """By another way than the registry's: the classes with a `fit`."""
    found = set()
    for package in (RECOMMENDER_FILES, RANKING):
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and value.__module__ == module.name and hasattr(value, "fit"):
                    found.add(value)
    assert found - {Recommender} == {type(recommender) for recommender in RECOMMENDERS}


def test_the_same_data_and_seed_give_the_same_scores(recommender: Recommender, data: TrainingData) -> None:
    first, second = recommender.fit(data, seed=1), recommender.fit(data, seed=1)
    np.testing.assert_array_equal(first.scores(everybody(first)), second.scores(everybody(second)))


def test_scores_have_one_row_per_user_and_one_column_per_item(fitted: FittedRecommender, data: TrainingData) -> None:
    assert (fitted.n_users, fitted.n_items) == (len(data.user_ids), len(data.item_ids))
    scores = fitted.scores(np.array([3, 0, 3]))
    assert scores.shape == (3, fitted.n_items)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores[0], scores[2])


def test_the_top_is_the_order_of_the_scores_with_ties_by_row(fitted: FittedRecommender) -> None:
    for user in range(fitted.n_users):
        scores = fitted.top_k(user, fitted.n_items, NOTHING)
        expected = np.lexsort((scores.items, -scores.scores))
        np.testing.assert_array_equal(expected, np.arange(fitted.n_items))
        by_row = np.empty(fitted.n_items, np.float32)
        by_row[scores.items] = scores.scores
        np.testing.assert_allclose(by_row, fitted.scores(np.array([user]))[0], rtol=1e-5, atol=1e-6)


def test_a_shorter_list_is_the_start_of_a_longer_one(fitted: FittedRecommender) -> None:
    for user in range(fitted.n_users):
        whole = fitted.top_k(user, fitted.n_items, NOTHING).items
        for k in (1, 3, 7):
            np.testing.assert_array_equal(fitted.top_k(user, k, NOTHING).items, whole[:k])


def test_excluded_items_never_come_up(fitted: FittedRecommender) -> None:
    exclude = np.array([0, 5, 5, 2], np.int32)
    before = exclude.copy()
    ranking = fitted.top_k(1, fitted.n_items, exclude)
    assert sorted(ranking.items.tolist()) == sorted(set(range(fitted.n_items)) - {0, 2, 5})
    np.testing.assert_array_equal(exclude, before)


def test_more_than_the_catalogue_gives_the_catalogue(fitted: FittedRecommender) -> None:
    assert sorted(fitted.top_k(0, 10_000, NOTHING).items.tolist()) == list(range(fitted.n_items))


def test_with_everything_excluded_the_list_is_empty(fitted: FittedRecommender) -> None:
    ranking = fitted.top_k(0, 5, np.arange(fitted.n_items))
    assert len(ranking) == len(ranking.scores) == 0


def test_a_user_without_history_gets_a_full_list(fitted: FittedRecommender) -> None:
    ranking = fitted.top_k(fitted.n_users - 1, 5, NOTHING)
    assert len(set(ranking.items.tolist())) == 5
    assert np.isfinite(ranking.scores).all()


def test_the_saved_form_scores_the_same(fitted: FittedRecommender, tmp_path: Path) -> None:
    fitted.save(tmp_path / "saved")
    loaded = load_model(tmp_path / "saved")
    assert type(loaded) is type(fitted)
    assert (loaded.n_users, loaded.n_items) == (fitted.n_users, fitted.n_items)
    np.testing.assert_array_equal(loaded.scores(everybody(loaded)), fitted.scores(everybody(fitted)))
    np.testing.assert_array_equal(loaded.top_k(2, 4, NOTHING).items, fitted.top_k(2, 4, NOTHING).items)


def test_the_saved_bytes_depend_on_the_contents_alone(
    recommender: Recommender, data: TrainingData, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        recommender.fit(data, seed=1).save(tmp_path / name)
    first, second = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "first", tmp_path / "second")
    )
    assert first == second


def test_the_training_data_is_unchanged(recommender: Recommender, data: TrainingData) -> None:
    before = [matrix.copy() for matrix in (data.positives, data.seen)]
    recommender.fit(data, seed=1)
    for matrix, copy in zip((data.positives, data.seen), before, strict=True):
        for part in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(matrix, part), getattr(copy, part))


def test_one_user_and_one_item_are_enough(recommender: Recommender) -> None:
    one = csr_array(np.ones((1, 1), np.float32))
    fitted = recommender.fit(TrainingData(("u",), ("i",), one, one, (("drama",),)), seed=1)
    assert fitted.top_k(0, 10, NOTHING).items.tolist() == [0]


@pytest.mark.parametrize(("n_users", "n_items"), [(0, 0), (0, 3), (3, 0), (3, 3)])
def test_nothing_to_learn_from_is_refused(recommender: Recommender, n_users: int, n_items: int) -> None:
    empty = csr_array((n_users, n_items), dtype=np.float32)
    users, items = tuple(map(str, range(n_users))), tuple(map(str, range(n_items)))
    with pytest.raises(RecommenderError, match="nothing to learn from"):
        recommender.fit(TrainingData(users, items, empty, empty, ((),) * n_items), seed=1)
