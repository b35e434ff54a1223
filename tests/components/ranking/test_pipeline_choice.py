"""What a pipeline chose survives its folder, and a refit keeps to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components.ranking.cut_trials import judged_apart
from components.ranking.examples import make_examples
from components.ranking.fitted_pipeline import FittedPipeline
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
    recipes = generators_of(PARAMS)
    examples = make_examples(recipes, split, 30, 1000, 0.5, 1).examples
    ranker = train_ranker([examples], PARAMS.ranker, 1)
    choice = Choice("ranker", {"ease 1": 1.0}, {"ranker": 0.5}, tuple(recipes), ranker, half_life_days=30.0)
    return Pipeline(PARAMS).fit_reported(data, 1, choice)


def test_a_refit_with_the_saved_choice_gives_the_same_lists(data: TrainingData, fitted: Fitted, tmp_path: Path) -> None:
    save_choice(tmp_path, fitted.choice)
    again = Pipeline(PARAMS).fit_reported(data, 1, load_choice(tmp_path))
    np.testing.assert_array_equal(again.served.lists.lists, fitted.served.lists.lists)
    np.testing.assert_array_equal(again.served.lists.counts, fitted.served.lists.counts)
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


def test_the_kept_lists_are_what_the_histories_give_before_and_after_saving(fitted: Fitted, tmp_path: Path) -> None:
    served = fitted.served
    served.save(tmp_path / "first")
    read = FittedPipeline.load(tmp_path / "first")
    for user in range(0, served.n_users, 17):
        kept = served.kept(user)
        for pipeline in (served, read):
            now = pipeline.rank(read.histories.of(user), np.empty(0, np.int32))
            assert now.ranking.items.tobytes() == kept.ranking.items.tobytes()
            assert now.ranking.scores.tobytes() == kept.ranking.scores.tobytes()
            some = now.ranking.items[:20]
            np.testing.assert_array_equal(now.because(some), kept.because(some))
    read.save(tmp_path / "second")
    for file in sorted(path for path in (tmp_path / "first").rglob("*") if path.is_file()):
        assert (tmp_path / "second" / file.relative_to(tmp_path / "first")).read_bytes() == file.read_bytes(), file


def test_a_ranker_is_not_judged_by_what_it_has_learnt_from(data: TrainingData) -> None:
    first, *others = inner_splits(data, "latest", 3, 0)
    nothing = np.zeros((1, 1, 0), np.float32)
    parts = [
        Examples((), nothing, np.full((1, 1), place, np.int32), np.zeros((1, 1), bool)) for place in range(len(others))
    ]
    marked = [replace(split, overlaps_first=place == 1) for place, split in enumerate(others)]
    assert len(others) == 2
    assert judged_apart(parts, marked) == parts[:1]
    assert not first.overlaps_first
