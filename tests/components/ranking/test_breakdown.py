"""A ranking that is taken apart adds up to itself again."""

from __future__ import annotations

import numpy as np
import pytest

from components.ranking.breakdown import contributions
from components.ranking.fitted_pipeline import FittedPipeline
from components.ranking.learned_ranker import Examples, RankerConfig, train_ranker
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.recommenders.ease import EaseConfig
from components.recommenders.item_to_item import ItemToItemConfig
from tests.components.ranking.test_pipeline_laws import world

CONFIG = PipelineConfig(
    n_splits=3,
    generators=[EaseConfig(regularisation=20), ItemToItemConfig()],
    ranker=RankerConfig(rounds=10, n_seeds=2, min_leaf_rows=20, min_users=50),
)
USER = 7


@pytest.fixture(scope="module")
def pipeline() -> FittedPipeline:
    return Pipeline(CONFIG).fit(world("taste"), 1)


def test_places_are_those_of_the_ranking_and_the_best_generator_comes_first(pipeline: FittedPipeline) -> None:
    history = pipeline.histories.of(USER)
    ranking = pipeline.rank(history, np.empty(0, np.int32)).ranking
    wanted = ranking.items[[4, 0, 9]].tolist()
    broken = pipeline.ranker.explain(history, wanted)
    assert [(each.row, each.place) for each in broken] == [(wanted[1], 1), (wanted[0], 5), (wanted[2], 10)]
    for each in broken:
        places = [opinion.place for opinion in each.opinions]
        assert places == sorted(places)
        assert {opinion.name for opinion in each.opinions} == set(pipeline.ranker.generators)


def test_what_the_history_holds_or_is_hidden_is_no_candidate(pipeline: FittedPipeline) -> None:
    history = pipeline.histories.of(USER)
    shown = pipeline.rank(history, np.empty(0, np.int32)).ranking.items
    met, hidden = int(history.met[0]), int(shown[0])
    assert [
        each.row for each in pipeline.ranker.explain(history, [met, hidden, int(shown[1])], np.array([hidden]))
    ] == [int(shown[1])]


def test_what_moved_a_score_adds_up_to_the_score() -> None:
    rng = np.random.default_rng(3)
    features = rng.standard_normal((60, 12, 3)).astype(np.float32)
    wanted = features[:, :, 0] + 0.3 * features[:, :, 1] > 0.8
    items = np.tile(np.arange(12, dtype=np.int32), (60, 1))
    config = RankerConfig(rounds=20, n_seeds=2, min_leaf_rows=5, min_users=10, feature_share=1.0)
    ranker = train_ranker([Examples(("taste", "age", "noise"), features, items, wanted)], config, 1)
    assert ranker is not None
    rows = features[0]
    moved = contributions(ranker, rows)
    constant = ranker.scores(rows) - moved.sum(axis=1)
    assert constant == pytest.approx(np.full(len(rows), constant[0]), abs=1e-5)
    assert np.abs(moved[:, 0]).sum() > np.abs(moved[:, 2]).sum()
