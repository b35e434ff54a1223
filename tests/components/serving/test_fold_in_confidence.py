"""What is told at serving weighs by how much and how lately it was liked, as the same history in training does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from components.config.routing import RoutingConfig
from components.ranking.learned_ranker import RankerConfig
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.recommenders.content import ContentConfig
from components.recommenders.ease_valued import EaseValuedConfig
from components.recommenders.events import with_events
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import Events, FittedRecommender, TrainingData
from components.serving.bundle import Bundle, BundleManifest, read_bundle, write_bundle
from components.serving.catalogue import Catalogue
from components.serving.recent_history import UserEvent, UserEvents
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest

N_USERS, N_ITEMS, CLAN = 40, 20, 10
Told = Sequence[tuple[int, float]]
EVEN_THEN_ODD: Told = ((0, 5.0), (11, 5.0))


def world(last: Told) -> TrainingData:
    """Half of the users like items 0 to 9, half 10 to 19, all but one each; the last user, of no clan, has `last`."""
    rows = [
        (user, item, 4.0 + (user + item) % 2, 100 * item)
        for user in range(N_USERS)
        for item in range(user % 2 * CLAN, user % 2 * CLAN + CLAN)
        if item % CLAN != user // 2 % CLAN
    ]
    rows += [(N_USERS, item, value, 10_000 + place) for place, (item, value) in enumerate(last)]
    users, items, values, seconds = map(np.array, zip(*rows, strict=True))
    n = N_USERS + 1
    empty = csr_array((n, N_ITEMS), dtype=np.float32)
    ids = tuple(f"u{user}" for user in range(n)), tuple(f"i{item}" for item in range(N_ITEMS))
    events = Events(users.astype(np.int32), items.astype(np.int32), values.astype(np.float32), values >= 4, seconds)
    return with_events(TrainingData(*ids, empty, empty, ((),) * N_ITEMS), events)


def path_of(folder: Path, last: Told, fade: float) -> RequestPath:
    data = world(last)
    recipe = PipelineConfig(
        n_splits=1,
        generators=[EaseValuedConfig(regularisation=5, fade=fade)],
        ranker=RankerConfig(min_users=10_000),
    )
    recommenders: dict[str, FittedRecommender] = {
        "pipeline": Pipeline(recipe).fit(data, 1),
        "popularity": Popularity().fit(data, 1),
        "content": ContentConfig().build().fit(data, 1),
    }
    none = ("",) * N_ITEMS
    items = Catalogue(data.item_ids, data.item_ids, none, ((),) * N_ITEMS, (None,) * N_ITEMS)
    manifest = BundleManifest(data_version="data-v1", recommender="pipeline", ingredients_digest="0" * 64)
    write_bundle(folder, Bundle(manifest, items, data.user_ids, data.seen, recommenders))
    return RequestPath(read_bundle(folder), RoutingConfig(cold_start_threshold=1, candidates=100), "", "", "")


def shown(path: RequestPath, user: str, told: Told = ()) -> list[tuple[str, float]]:
    events = tuple(UserEvent(f"i{item}", "rating", value, 10_000 + place) for place, (item, value) in enumerate(told))
    answer = path.recommend(RecommendRequest(user_id=user, k=5), "", UserEvents(events, len(events)))
    return [(item.item_id, round(item.score, 4)) for item in answer.items]


def clan_of_first(path: RequestPath, told: Told) -> int:
    return int(shown(path, "nobody", told)[0][0][1:]) // CLAN


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> RequestPath:
    return path_of(tmp_path_factory.mktemp("lasting") / "bundle", EVEN_THEN_ODD, fade=0)


@pytest.fixture(scope="module")
def fading(tmp_path_factory: pytest.TempPathFactory) -> RequestPath:
    return path_of(tmp_path_factory.mktemp("fading") / "bundle", EVEN_THEN_ODD, fade=1)


def test_what_was_liked_more_weighs_more_whatever_came_last(lasting: RequestPath) -> None:
    for more, less in ((0, 11), (11, 0)):
        for told in (((more, 5.0), (less, 4.0)), ((less, 4.0), (more, 5.0))):
            assert clan_of_first(lasting, told) == more // CLAN


def test_of_equal_likes_the_later_one_weighs_more(fading: RequestPath) -> None:
    assert clan_of_first(fading, ((0, 5.0), (11, 5.0))) == 1
    assert clan_of_first(fading, ((11, 5.0), (0, 5.0))) == 0


@pytest.mark.parametrize("fade", [0.0, 1.0])
def test_a_history_that_is_told_gives_what_the_same_history_gives_once_it_is_trained(
    fade: float, tmp_path: Path
) -> None:
    """And then told once more it changes nothing."""
    told: Told = ((0, 5.0), (11, 4.0), (3, 5.0))
    trained = path_of(tmp_path / "bundle", told, fade)
    assert shown(trained, "nobody", told) == shown(trained, f"u{N_USERS}") == shown(trained, f"u{N_USERS}", told)
