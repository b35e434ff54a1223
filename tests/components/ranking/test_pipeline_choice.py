"""What a pipeline chose survives its folder, and a refit keeps to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from components.ranking.candidates import candidates
from components.ranking.features import FeatureMaker
from components.ranking.inner_split import inner_splits
from components.ranking.learned_ranker import Examples, RankerConfig, train_ranker
from components.ranking.pipeline import Fitted, Pipeline, PipelineConfig, generators_of
from components.ranking.pipeline_choice import Choice, load_choice, save_choice
from components.recommenders.ease import EaseConfig
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.protocol import RecommenderError, TrainingData
from components.recommenders.session import SessionConfig
from tests.components.ranking.test_pipeline_laws import world

PARAMS = PipelineConfig(
    n_splits=3,
    generators=[EaseConfig(regularisation=20), SessionConfig()],
    ranker=RankerConfig(rounds=20, n_seeds=2, min_leaf_rows=20, min_users=50),
)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return world("taste")


@pytest.fixture(scope="module")
def fitted(data: TrainingData) -> Fitted:
    """What a ranker orders, whether or not it measures better than a blend here."""
    split = inner_splits(data, "latest", 1, 1)[0]
    users = np.arange(len(data.user_ids))
    models = {name: recipe.fit(split.known, 1) for name, recipe in generators_of(PARAMS).items()}
    items, scores = candidates(models, users, split.known.seen, 30)
    features = FeatureMaker(split.known).table(users, np.maximum(items, 0), scores)
    wanted = np.take_along_axis(split.wanted.toarray() > 0, np.maximum(items, 0), axis=1)
    ranker = train_ranker([Examples(features, items, wanted)], PARAMS.ranker, 1)
    choice = Choice("ranker", {"ease 1": 1.0}, {"ranker": 0.5}, tuple(models), ranker, half_life_days=30.0)
    return Pipeline(PARAMS).fit_reported(data, 1, choice)


def test_a_refit_with_the_saved_choice_gives_the_same_lists(data: TrainingData, fitted: Fitted, tmp_path: Path) -> None:
    save_choice(tmp_path, fitted.choice)
    again = Pipeline(PARAMS).fit_reported(data, 1, load_choice(tmp_path))
    np.testing.assert_array_equal(again.lists.lists, fitted.lists.lists)
    np.testing.assert_array_equal(again.lists.counts, fitted.lists.counts)
    assert again.choice.measured == fitted.choice.measured


def test_importances_add_up_to_one_and_fall(fitted: Fitted) -> None:
    assert fitted.choice.ranker is not None
    shares = list(fitted.choice.ranker.importances.values())
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)


def test_other_generators_are_chosen_anew(data: TrainingData, fitted: Fitted) -> None:
    other = PARAMS.model_copy(update={"generators": [EaseConfig(), ItemToItemConfig()]})
    again = Pipeline(other).fit_reported(data, 1, fitted.choice)
    assert again.choice.generators == ("ease 1", "item_to_item 1")


def test_a_damaged_choice_is_named(tmp_path: Path, fitted: Fitted) -> None:
    save_choice(tmp_path, fitted.choice)
    (tmp_path / "choice.json").write_text("{}")
    with pytest.raises(RecommenderError, match=r"choice\.json cannot be read"):
        load_choice(tmp_path)
