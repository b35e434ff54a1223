"""Where people come back to what they like, the pipeline finds it, and shows nothing that they never liked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.config.routing import RoutingConfig
from components.metrics.evaluate import evaluate
from components.ranking.fitted_pipeline import FittedPipeline, load_model
from components.ranking.inner_split import inner_splits
from components.ranking.learned_ranker import RankerConfig
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.recommenders.again import AgainConfig
from components.recommenders.content import ContentConfig
from components.recommenders.events import chosen, events_of, positions, with_events
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import Events, FittedRecommender, TrainingData
from components.serving.bundle import Bundle, BundleManifest, read_bundle, write_bundle
from components.serving.catalogue import Catalogue
from components.serving.explanation import BEFORE
from components.serving.recent_history import UserEvent, UserEvents
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest

RECIPE = Pipeline(
    PipelineConfig(
        n_splits=2,
        generators=[ItemToItemConfig(), AgainConfig()],
        ranker=RankerConfig(rounds=20, n_seeds=1, min_leaf_rows=20, min_users=50),
    )
)
N_USERS, N_ITEMS, N_EACH, N_TEST = 120, 40, 30, 6
ROUTING = RoutingConfig(cold_start_threshold=5, candidates=100)
AGAIN = ROUTING.model_copy(update={"repeats": True})


def favourites(user: int) -> list[int]:
    """The three items, the user's alone to choose, that they come back to."""
    return np.random.default_rng(user).choice(np.arange(1, N_ITEMS), 3, replace=False).tolist()


def world(repeats: bool = True) -> TrainingData:
    """Three in four interactions are with a favourite, the others with anything; item 0 is met by all and liked by
    nobody."""
    rng = np.random.default_rng(7)
    items = np.array(
        [
            [0, *(rng.choice(favourites(user)) if n % 4 else rng.integers(1, N_ITEMS) for n in range(1, N_EACH))]
            for user in range(N_USERS)
        ],
        np.int32,
    )
    liked = items.ravel() > 0
    users = np.repeat(np.arange(N_USERS, dtype=np.int32), N_EACH)
    values = np.where(liked, 5, 1).astype(np.float32)
    seconds = np.tile(np.arange(N_EACH) * 86_400, N_USERS)
    empty = csr_array((N_USERS, N_ITEMS), dtype=np.float32)
    ids = tuple(f"u{user}" for user in range(N_USERS)), tuple(f"i{item}" for item in range(N_ITEMS))
    bare = TrainingData(*ids, empty, empty, ((),) * N_ITEMS, repeats=repeats)
    return with_events(bare, Events(users, items.ravel(), values, liked, seconds))


def cut(data: TrainingData) -> tuple[TrainingData, csr_array]:
    events = events_of(data)
    early = positions(events)[0] < N_EACH - N_TEST
    return with_events(data, chosen(events, early)), with_events(data, chosen(events, ~early)).positives


@pytest.fixture(scope="module")
def fitted() -> FittedPipeline:
    return RECIPE.fit(world(), 1)


@pytest.fixture(scope="module")
def bundle(fitted: FittedPipeline, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    data = world()
    recommenders: dict[str, FittedRecommender] = {
        "pipeline": fitted,
        "popularity": Popularity().fit(data, 1),
        "content": ContentConfig().build().fit(data, 1),
    }
    none = ("",) * N_ITEMS
    items = Catalogue(data.item_ids, data.item_ids, none, ((),) * N_ITEMS, (None,) * N_ITEMS)
    manifest = BundleManifest(data_version="data-v1", recommender="pipeline", ingredients_digest="0" * 64)
    folder = tmp_path_factory.mktemp("bundle") / "bundle"
    write_bundle(folder, Bundle(manifest, items, data.user_ids, data.seen, recommenders, barred=data.barred))
    return read_bundle(folder)


def asked(bundle: Bundle, routing: RoutingConfig, user: str, *events: tuple[str, str], **more: object) -> list[str]:
    path = RequestPath(bundle, routing, "", "", "")
    recent = UserEvents(tuple(UserEvent(item, kind, None, 1e9 + n) for n, (item, kind) in enumerate(events)), 1)
    answer = path.recommend(RecommendRequest.model_validate({"user_id": user, "k": 3, **more}), "", recent)
    return [item.item_id for item in answer.items]


def test_what_people_return_to_is_found_and_is_not_found_without_the_option() -> None:
    train, wanted = cut(world())
    pipeline, popular = RECIPE.fit(train, 1), Popularity().fit(train, 1)
    found, usual = (evaluate(each, train.seen, wanted, 5, train.barred) for each in (pipeline, popular))
    assert found.ndcg.mean() > 0.6 > 2 * usual.ndcg.mean()
    blind = evaluate(RECIPE.fit(replace(train, repeats=False), 1), train.seen, wanted, 5, train.barred)
    assert blind.ndcg.mean() < 0.2


def test_inner_cuts_ask_for_repeats_too_and_for_none_without_the_option() -> None:
    for repeats in (True, False):
        split = inner_splits(world(repeats), "latest", 1, 1)[0]
        assert bool(split.wanted.multiply(split.known.seen).nnz) is repeats


def test_nothing_that_was_met_and_never_liked_is_shown_or_asked_for(fitted: FittedPipeline) -> None:
    data = world()
    assert (data.barred.sum(axis=0) > 0).tolist() == [item == 0 for item in range(N_ITEMS)]
    assert 0 not in fitted.lists.lists
    assert evaluate(fitted, data.seen, data.positives, 5, data.barred).lists.min() > 0


def test_the_saved_pipeline_ranks_again_as_the_fitted_one_does(fitted: FittedPipeline, tmp_path: Path) -> None:
    fitted.save(tmp_path / "pipeline")
    loaded = load_model(tmp_path / "pipeline")
    history = fitted.histories.of(3)
    first, second = (each.rank(history, np.empty(0, np.int32)).ranking for each in (fitted, loaded))
    np.testing.assert_array_equal(first.items, second.items)
    np.testing.assert_array_equal(first.items[:100], fitted.kept(3).ranking.items[:100])


@pytest.mark.parametrize("user", [0, 11, 57])
def test_the_answer_holds_what_a_user_returns_to_and_without_the_option_never_does(bundle: Bundle, user: int) -> None:
    own = {f"i{item}" for item in favourites(user)}
    met = {f"i{item}" for item in bundle.seen(user).tolist()}
    assert set(asked(bundle, AGAIN, f"u{user}")) == own
    assert not set(asked(bundle, ROUTING, f"u{user}")) & met
    path = RequestPath(bundle, AGAIN, "", "", "")
    answer = path.recommend(RecommendRequest(user_id=f"u{user}", k=3), "")
    assert {item.explanation for item in answer.items} == {BEFORE}


def test_a_list_made_ahead_is_the_one_that_is_made_for_the_same_history(bundle: Bundle) -> None:
    assert asked(bundle, AGAIN, "u3", k=10) == asked(bundle, AGAIN, "u3", exclude=["i0"], k=10)


def test_a_dislike_an_exclusion_and_what_was_never_liked_are_left_out(bundle: Bundle) -> None:
    first, second, third = (f"i{item}" for item in favourites(5))
    assert first not in asked(bundle, AGAIN, "u5", (first, "dislike"), k=39)
    assert second not in asked(bundle, AGAIN, "u5", exclude=[second], k=39)
    assert "i0" not in asked(bundle, AGAIN, "u5", k=39)
    assert third in asked(bundle, AGAIN, "u5", (first, "dislike"), exclude=[second], k=39)


def test_a_stranger_returns_to_what_they_have_just_bought_and_not_to_what_they_viewed(bundle: Bundle) -> None:
    bought = [("i7", "purchase"), ("i9", "purchase"), ("i5", "view")]
    assert {"i7", "i9"} <= set(asked(bundle, AGAIN, "nobody", *bought, k=10))
    assert "i5" not in asked(bundle, AGAIN, "nobody", *bought, k=39)
    assert not {"i5", "i7", "i9"} & set(asked(bundle, ROUTING, "nobody", *bought, k=39))
