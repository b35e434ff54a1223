"""The answers of the request path on a tiny bundle (`make_bundle`: user row r has seen item rows 0..r-1)."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from components.config.routing import Exploration, RoutingConfig
from components.serving.answer import Answer, SimilarAnswer, UnknownItem
from components.serving.bundle import Bundle, read_bundle
from components.serving.candidates import NO_CF_MODEL, NO_MATCH
from components.serving.request_path import RequestPath
from components.serving.requests import Profile, RecommendRequest, SimilarRequest
from tests.worlds import make_bundle

ROUTING = RoutingConfig(cold_start_threshold=5, candidates=200)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return read_bundle(make_bundle(tmp_path_factory.mktemp("bundle") / "bundle"))


@pytest.fixture
def path(bundle: Bundle) -> RequestPath:
    return RequestPath(bundle, ROUTING, "release-1", "blue", "default")


def ask(path: RequestPath, user_id: str, preferences: dict[str, float] | None = None, **more: Any) -> Answer:
    profile = Profile(preferences=preferences) if preferences else None
    return path.recommend(RecommendRequest(user_id=user_id, profile=profile, **more), "request-1")


def ids(answer: Answer | SimilarAnswer) -> list[str]:
    return [item.item_id for item in answer.items]


def test_a_known_user_gets_the_best_unseen_items_of_the_model(path: RequestPath, bundle: Bundle) -> None:
    answer = ask(path, "8", k=5)
    ranking = bundle.primary.top_k(7, 5, bundle.seen(7))
    assert ids(answer) == [bundle.items.ids[row] for row in ranking.items]
    assert [item.score for item in answer.items] == ranking.scores.tolist()
    assert (answer.route, {item.source for item in answer.items}) == ("cf", {"lightfm"})
    assert [item.rank for item in answer.items] == [1, 2, 3, 4, 5]


def test_no_seen_and_no_excluded_item_is_ever_shown(path: RequestPath) -> None:
    answer = ask(path, "8", k=100, exclude=["110", "111", "no such item"])
    assert len(answer.items) == 30 - 7 - 2
    assert not set(ids(answer)) & {"101", "102", "103", "104", "105", "106", "107", "110", "111"}
    assert len(set(ids(answer))) == len(answer.items)


def test_an_unknown_user_gets_the_most_popular_items(path: RequestPath) -> None:
    answer = ask(path, "stranger", k=3)
    assert (answer.route, ids(answer)) == ("popularity", ["101", "102", "103"])
    assert {item.explanation for item in answer.items} == {"Popular with other users"}


def test_a_known_user_without_history_is_answered_like_a_stranger(path: RequestPath) -> None:
    assert ids(ask(path, "1", k=7)) == ids(ask(path, "stranger", k=7))


def test_stated_preferences_answer_a_stranger_whatever_their_case(path: RequestPath) -> None:
    answer = ask(path, "stranger", {"sci-fi": 0.9}, k=10)
    assert answer.route == "content"
    assert {item.category for item in answer.items} == {"Sci-Fi"}
    assert {item.explanation for item in answer.items} == {"Matches your preference for sci-fi"}


def test_preferences_that_match_nothing_fall_back_and_say_so(path: RequestPath) -> None:
    answer = ask(path, "stranger", {"Opera": 0.9}, k=3)
    assert (answer.route, answer.fallback_reason) == ("popularity", NO_MATCH)
    assert ids(answer) == ["101", "102", "103"]


def test_a_cold_known_user_whose_preferences_match_nothing_falls_back_to_the_model(path: RequestPath) -> None:
    answer = ask(path, "3", {"Opera": 0.9}, k=3)
    assert (answer.route, answer.fallback_reason) == ("cf", NO_MATCH)
    assert ids(answer) == ids(ask(path, "3", k=3))


def test_an_item_without_a_wanted_label_is_not_said_to_match(path: RequestPath) -> None:
    answer = ask(path, "stranger", {"Sci-Fi": 0.9}, k=30)
    for item in answer.items:
        expected = "Matches your preference for Sci-Fi" if item.category == "Sci-Fi" else "Popular with other users"
        assert item.explanation == expected


def test_a_short_list_is_filled_up_with_popular_items(bundle: Bundle) -> None:
    few = RequestPath(
        bundle, RoutingConfig.model_construct(cold_start_threshold=5, candidates=4), "r", "blue", "default"
    )
    answer = ask(few, "8", k=10)
    assert [item.source for item in answer.items] == ["lightfm"] * 4 + ["popularity"] * 6
    assert [item.rank for item in answer.items] == list(range(1, 11))
    left = [item_id for item_id in bundle.items.ids[7:] if item_id not in ids(answer)[:4]]
    assert ids(answer)[4:] == left[:6]


def test_without_a_model_known_users_get_popular_items_and_the_reason(bundle: Bundle) -> None:
    popular = replace(bundle, manifest=replace(bundle.manifest, recommender="popularity"))
    answer = ask(RequestPath(popular, ROUTING, "r", "blue", "default"), "8", k=2)
    assert (answer.route, answer.fallback_reason, ids(answer)) == ("popularity", NO_CF_MODEL, ["108", "109"])


def test_no_explanation_is_given_where_none_is_wanted(path: RequestPath) -> None:
    for user_id, preferences in (("8", None), ("stranger", None), ("stranger", {"Drama": 1.0})):
        explained = ask(path, user_id, preferences, k=4)
        plain = ask(path, user_id, preferences, k=4, explain=False)
        assert ids(plain) == ids(explained)
        assert {item.explanation for item in plain.items} == {None}
        assert None not in {item.explanation for item in explained.items}


def test_the_candidates_hold_more_than_the_list_in_the_same_order(path: RequestPath, bundle: Bundle) -> None:
    answer = ask(path, "8", k=5)
    assert len(answer.candidates) == 30 - 7
    assert [bundle.items.ids[row] for row in answer.candidates.items[:5]] == ids(answer)


def test_an_answer_names_its_request_release_slot_and_variant(path: RequestPath) -> None:
    body = ask(path, "8").body()
    assert (body["request_id"], body["user_id"]) == ("request-1", "8")
    assert (body["release"], body["slot"], body["variant"]) == ("release-1", "blue", "default")
    assert (body["cached"], body["degraded"], body["cost_usd"]) == (False, False, 0.0)


def test_timings_come_from_the_given_counter_and_are_zero_without_one(bundle: Bundle, path: RequestPath) -> None:
    ticks = itertools.count()
    timed = RequestPath(bundle, ROUTING, "r", "blue", "default", lambda: next(ticks) / 1000)
    assert ask(timed, "8").timings_ms == {"candidates": 1.0, "compose": 1.0, "total": 2.0}
    assert ask(path, "8").timings_ms == {"candidates": 0.0, "compose": 0.0, "total": 0.0}


def test_similar_items_are_the_nearest_ones_without_itself(path: RequestPath, bundle: Bundle) -> None:
    answer = path.similar(SimilarRequest(item_id="105", k=4), "request-1")
    assert isinstance(answer, SimilarAnswer)
    assert ids(answer) == [bundle.items.ids[row] for row in bundle.similar_items(4, 4)[0].items]
    assert "105" not in ids(answer)


def test_an_unknown_item_has_no_similar_ones(path: RequestPath) -> None:
    assert path.similar(SimilarRequest(item_id="nothing", k=4), "request-1") == UnknownItem("nothing")


def test_exploring_opens_a_position_only_where_it_is_asked_for_and_says_with_what_probability(bundle: Bundle) -> None:
    routing = ROUTING.model_copy(update={"exploration": Exploration(share=1.0, depth=20)})
    path = RequestPath(bundle, routing, "release-1", "blue", "default")
    request = RecommendRequest(user_id="8", k=5)
    plain = path.recommend(request, "r1")
    explored = [path.recommend(request, f"r{n}", exploring=True) for n in range(20)]
    assert (plain.explored_position, plain.propensities) == (None, None)
    assert any(answer.items != plain.items for answer in explored)
    for answer in explored:
        assert 1 <= answer.explored_position <= 5
        assert [item.rank for item in answer.items] == [1, 2, 3, 4, 5]
        assert len(answer.propensities) == 5
        assert answer.propensities[answer.explored_position - 1] == pytest.approx(1 / 20)
        assert "propensities" not in answer.body()
