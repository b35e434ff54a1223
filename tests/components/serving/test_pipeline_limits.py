"""A pipeline ranks within what a request may show, and a list made ahead serves only where it is the same."""

from __future__ import annotations

import numpy as np
import pytest

from components.config.routing import RoutingConfig
from components.serving.bundle import read_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from components.serving.shelf import Shelf
from tests.pipeline_worlds import write_pipeline_bundle

USER = "u00"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> RequestPath:
    """Users with 6 of 24 items each."""
    bundle = read_bundle(write_pipeline_bundle(tmp_path_factory.mktemp("bundle") / "bundle"))
    return RequestPath(bundle, RoutingConfig(cold_start_threshold=2, candidates=100), "r", "s", "default")


def ask(path: RequestPath, shelf: Shelf | None = None, **more: object) -> list[str]:
    request = RecommendRequest.model_validate({"user_id": USER, "k": 24, **more})
    return [item.item_id for item in path.recommend(request, "q", shelf=shelf or Shelf()).items]


def test_a_filter_keeps_the_order_of_what_it_leaves(path: RequestPath) -> None:
    whole, odd = ask(path), ask(path, filters={"categories": ["Odd"]})
    assert len(odd) > 3
    assert set(odd) == {each for each in whole if int(each[1:]) % 2}


def test_seen_items_are_ranked_with_the_others_where_they_may_come_again(path: RequestPath) -> None:
    seen = {path.bundle.items.ids[row] for row in path.bundle.seen(path.bundle.user_row[USER]).tolist()}
    assert not seen & set(ask(path))
    assert set(ask(path, allow_seen=True)) == set(path.bundle.items.ids)
    assert set(ask(path, allow_seen=True, include=[*seen])) == seen


def test_an_item_that_is_off_leaves_the_order_of_the_others_as_without_it(path: RequestPath) -> None:
    whole = ask(path)
    off = np.array([path.bundle.items.row_of[whole[0]]], np.int32)
    assert ask(path, Shelf(off, "1")) == ask(path, exclude=[whole[0]])
    assert whole[0] not in ask(path, Shelf(off, "1"))


def test_an_item_that_is_off_and_not_in_the_list_made_ahead_changes_nothing(path: RequestPath) -> None:
    seen = path.bundle.seen(path.bundle.user_row[USER])
    assert ask(path, Shelf(seen[:1], "1")) == ask(path)


def test_a_ranking_says_how_long_its_stages_took_and_a_list_made_ahead_has_none(path: RequestPath) -> None:
    ticks = iter(range(1000))
    timed = RequestPath(path.bundle, path._routing, "r", "s", "default", lambda: next(ticks) / 1000)
    plain = timed.recommend(RecommendRequest(user_id=USER), "q").timings_ms
    assert list(plain) == ["candidates", "compose", "total"]
    changed = timed.recommend(
        RecommendRequest.model_validate({"user_id": USER, "exclude": ["i01", "i02"]}), "q"
    ).timings_ms
    assert list(changed) == ["retrieval", "features", "ranker", "candidates", "compose", "total"]
    assert changed["candidates"] > changed["retrieval"] + changed["features"] + changed["ranker"] > 0


def test_pages_follow_the_list_made_ahead(path: RequestPath) -> None:
    first = path.recommend(RecommendRequest(user_id=USER, k=4), "q")
    second = path.recommend(RecommendRequest(user_id=USER, k=4, cursor=first.next_page), "q")
    assert [item.item_id for item in (*first.items, *second.items)] == ask(path)[:8]
    alone = path.recommend(RecommendRequest(user_id=USER, k=8), "q")
    assert [item.explanation for item in second.items] == [item.explanation for item in alone.items[4:]]
