"""What counts besides likes moves the order, is learnt apart and saved, and changes nothing where likes alone count."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from benchmarks.shop_world import KINDS, shop
from benchmarks.value_model import halves
from components.ranking.fitted_pipeline import FittedPipeline
from components.ranking.learned_ranker import LearnedRanker, RankerConfig
from components.ranking.pipeline import Learned, Pipeline, PipelineConfig
from components.ranking.value_model import ValueModel, ValueWeights, outcomes, prices_of
from components.recommenders.ease import EaseConfig
from components.recommenders.events import events_of
from components.recommenders.history import histories_of
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.protocol import NUMBERS, RecommenderError, TrainingData

CONFIG = PipelineConfig(
    n_splits=3,
    n_candidates=60,
    generators=[EaseConfig(regularisation=20), ItemToItemConfig()],
    ranker=RankerConfig(rounds=20, n_seeds=1, min_leaf_rows=30, min_users=50),
)
K = 10


@pytest.fixture(scope="module")
def parts() -> tuple[TrainingData, TrainingData]:
    return halves(shop(0, n_users=200))


def learned(known: TrainingData, **weights: float) -> Learned:
    return Pipeline(CONFIG.model_copy(update={"value": ValueWeights(**weights)})).learn(known, 1)


@pytest.fixture(scope="module")
def plain(parts: tuple[TrainingData, TrainingData]) -> Learned:
    return learned(parts[0])


@pytest.fixture(scope="module")
def by_price(parts: tuple[TrainingData, TrainingData]) -> FittedPipeline:
    config = CONFIG.model_copy(update={"value": ValueWeights(like=0, purchase=1)})
    return Pipeline(config).fit(parts[0], 1)


def test_counting_purchases_times_prices_brings_more_and_costs_clicks(
    parts: tuple[TrainingData, TrainingData], plain: Learned, by_price: FittedPipeline
) -> None:
    known, later = parts
    before, after, prices = histories_of(known), histories_of(later), prices_of(known)
    revenue, clicks = np.zeros(2), np.zeros(2)
    for user in range(len(known.user_ids)):
        for way, ranker in enumerate((plain.ranker, by_price.ranker)):
            shown = ranker.rank(before.of(user)).ranking.items[:K]
            revenue[way] += prices[np.intersect1d(shown, after.of(user).likes)].sum()
            clicks[way] += len(np.intersect1d(shown, after.of(user).met))
    assert revenue[1] > 1.2 * revenue[0]
    assert clicks[1] < clicks[0]


def test_where_likes_alone_count_everything_is_as_without_weights(
    parts: tuple[TrainingData, TrainingData], plain: Learned
) -> None:
    assert plain.choice.value is None
    twice = Pipeline(CONFIG.model_copy(update={"value": ValueWeights(like=2)})).learn(parts[0], 1, plain.choice)
    assert twice.choice is plain.choice
    history = histories_of(parts[0]).of(3)
    one, other = (each.ranker.rank(history).ranking for each in (plain, twice))
    assert (one.items.tobytes(), one.scores.tobytes()) == (other.items.tobytes(), other.scores.tobytes())


def test_lists_made_ahead_and_answers_count_alike_before_and_after_saving(
    by_price: FittedPipeline, tmp_path: Path
) -> None:
    by_price.save(tmp_path)
    again = FittedPipeline.load(tmp_path)
    assert again.choice.value is not None
    assert again.choice.value.weights == {"purchase": 1.0}
    for user in (0, 5, 150):
        kept = by_price.kept(user).ranking
        asked = again.rank(again.histories.of(user), np.empty(0, np.int32)).ranking
        assert kept.items.tobytes() == asked.items[: len(kept.items)].tobytes()
        assert kept.scores.tobytes() == asked.scores[: len(kept.items)].tobytes()


def test_other_weights_than_a_choice_has_are_learnt_anew(
    parts: tuple[TrainingData, TrainingData], by_price: FittedPipeline
) -> None:
    brief = CONFIG.model_copy(update={"n_splits": 1, "value": ValueWeights(like=0, purchase=2)})
    choice = Pipeline(brief).learn(parts[0], 1, by_price.choice).choice
    assert choice.value is not None
    assert choice.value.weights == {"purchase": 2.0}
    same = CONFIG.model_copy(update={"value": ValueWeights(like=0, purchase=1)})
    assert Pipeline(same).learn(parts[0], 1, by_price.choice).choice is by_price.choice


def test_worth_is_the_sum_of_chances_times_weights_and_purchases_times_the_price() -> None:
    class Fixed(LearnedRanker):
        def scores(self, rows: np.ndarray) -> np.ndarray:
            return rows[:, int(self.names[0])]

    models = {"purchase": Fixed(("0",), ()), "dislike": Fixed(("1",), ()), "click": Fixed(("2",), ())}
    model = ValueModel({"purchase": 2.0, "dislike": -1.0, "click": 0.5}, models)
    rows = np.array([[0.5, 0.0, 1.0], [0.1, 0.4, 0.2]], np.float32)
    np.testing.assert_allclose(model.scores(rows, np.array([3.0, 10.0])), [3.5, 1.7], rtol=1e-6)


def test_outcomes_go_by_types_and_likes() -> None:
    events = events_of(shop(0, n_users=5))
    assert events.kinds is not None
    bought = events.kinds == KINDS.index("purchase")
    assert (outcomes(events, KINDS, "purchase") == bought).all()
    assert outcomes(events, ("Purchase", "VIEW"), "click").all()
    assert (outcomes(events, KINDS, "like") == events.liked).all()
    assert not outcomes(events, KINDS, "dislike").any()
    rated = replace(events, kinds=None)
    assert (outcomes(rated, (), "dislike") == ~events.liked).all()
    assert (outcomes(events, ("purchase", "rating"), "dislike") == ~bought).all()
    with pytest.raises(RecommenderError, match=r"value.purchase counts.*the types are one alone.*to 0"):
        outcomes(rated, (), "purchase")


def test_an_unknown_price_is_the_mean_of_the_others(parts: tuple[TrainingData, TrainingData]) -> None:
    numbers = np.full((3, len(NUMBERS)), np.nan, np.float32)
    numbers[:, NUMBERS.index("price")] = [2, np.nan, 4]
    data = replace(parts[0], item_ids=("a", "b", "c"), item_numbers=numbers)
    assert prices_of(data).tolist() == [2, 3, 4]
    assert prices_of(replace(data, item_numbers=numbers * np.nan)).tolist() == [1, 1, 1]
    assert prices_of(replace(data, item_numbers=None)).tolist() == [1, 1, 1]


@pytest.mark.parametrize("weights", [{"like": 0}, {"dislike": 1}, {"click": -1}, {"sale": 1}])
def test_weights_that_mean_nothing_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        ValueWeights.model_validate(weights)


def test_what_never_happened_cannot_be_learnt_and_that_is_said(parts: tuple[TrainingData, TrainingData]) -> None:
    with pytest.raises(RecommenderError, match=r"value.dislike counts, but only 0 candidates.*train.recommender.value"):
        learned(parts[0], dislike=-1)
