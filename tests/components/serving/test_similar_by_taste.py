"""Items of which nothing but the title is known are like those that the same people like, not like the popular ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.config.routing import RoutingConfig
from components.ranking.learned_ranker import RankerConfig
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.recommenders.content import ContentConfig
from components.recommenders.ease import EaseConfig
from components.recommenders.item_to_item import ItemToItemConfig
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import FittedRecommender, RecommenderConfig, TrainingData
from components.recommenders.session import SessionConfig
from components.serving.answer import SimilarAnswer
from components.serving.bundle import Bundle, BundleManifest, read_bundle, write_bundle
from components.serving.catalogue import Catalogue
from components.serving.request_path import RequestPath
from components.serving.requests import SimilarRequest

N_USERS, N_ITEMS, CLANS = 60, 24, 3


def path_of(folder: Path, generators: list[RecommenderConfig]) -> RequestPath:
    """Users of three clans like two in three of their clan's items, all like item 0, and nobody the last one."""
    liked = np.array(
        [
            [item % CLANS == user % CLANS and (item // CLANS + user // CLANS) % 3 > 0 for item in range(N_ITEMS)]
            for user in range(N_USERS)
        ],
        np.float32,
    )
    liked[:, 0], liked[:, -1] = 1, 0
    matrix = csr_array(liked)
    ids = tuple(f"u{user}" for user in range(N_USERS)), tuple(f"i{item}" for item in range(N_ITEMS))
    data = TrainingData(*ids, matrix, matrix.copy(), ((),) * N_ITEMS)
    recipe = PipelineConfig(inner="random", n_splits=1, generators=generators, ranker=RankerConfig(min_users=10_000))
    recommenders: dict[str, FittedRecommender] = {
        "pipeline": Pipeline(recipe).fit(data, 1),
        "popularity": Popularity().fit(data, 1),
        "content": ContentConfig().build().fit(data, 1),
    }
    none = ("",) * N_ITEMS
    items = Catalogue(data.item_ids, data.item_ids, none, ((),) * N_ITEMS, (None,) * N_ITEMS)
    manifest = BundleManifest(data_version="data-v1", recommender="pipeline", ingredients_digest="0" * 64)
    write_bundle(folder, Bundle(manifest, items, data.user_ids, data.seen, recommenders))
    return RequestPath(read_bundle(folder), RoutingConfig(cold_start_threshold=5, candidates=100), "", "", "")


def like(path: RequestPath, item: int) -> SimilarAnswer:
    answer = path.similar(SimilarRequest(item_id=f"i{item}", k=4), "")
    assert isinstance(answer, SimilarAnswer)
    return answer


@pytest.mark.parametrize(
    "generator", [ItemToItemConfig(), EaseConfig(regularisation=5)], ids=lambda generator: generator.kind
)
def test_items_without_labels_are_like_those_of_their_own_people(generator: RecommenderConfig, tmp_path: Path) -> None:
    path = path_of(tmp_path / "bundle", [SessionConfig(), generator])
    for item in range(1, N_ITEMS - 1):
        answer = like(path, item)
        rows = [int(each.item_id[1:]) for each in answer.items]
        assert {row % CLANS for row in rows if row} == {item % CLANS}
        assert item not in rows
        assert {each.source for each in answer.items} == {generator.kind}


def test_an_item_that_nobody_has_met_says_that_it_goes_by_labels(tmp_path: Path) -> None:
    path = path_of(tmp_path / "bundle", [ItemToItemConfig()])
    assert {each.source for each in like(path, N_ITEMS - 1).items} <= {"content"}
