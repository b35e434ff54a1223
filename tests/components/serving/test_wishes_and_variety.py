"""What a request may say besides who asks: a profile text, a query, and how much variety it wants."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.config.routing import Diversity, RoutingConfig
from components.serving.answer import Answer
from components.serving.bundle import Bundle, read_bundle
from components.serving.candidates import NO_MATCH, NO_QUERY_MATCH
from components.serving.request_path import RequestPath
from components.serving.requests import Profile, RecommendRequest, RequestContext
from tests.worlds import make_bundle

ROUTING = RoutingConfig(cold_start_threshold=5, candidates=200)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return read_bundle(make_bundle(tmp_path_factory.mktemp("bundle") / "bundle"))


@pytest.fixture
def path(bundle: Bundle) -> RequestPath:
    return RequestPath(bundle, ROUTING, "release-1", "blue", "default")


def ask(path: RequestPath, user_id: str, **more: Any) -> Answer:
    return path.recommend(RecommendRequest(user_id=user_id, **more), "request-1")


def categories(answer: Answer) -> list[str]:
    return [item.category for item in answer.items]


def rows(answer: Answer) -> list[int]:
    return [int(item.item_id) - 101 for item in answer.items]


def test_a_profile_text_answers_a_stranger(path: RequestPath) -> None:
    answer = ask(path, "stranger", k=5, profile=Profile(text="I love DRAMA, always have"))
    assert (answer.route, answer.fallback_reason, set(categories(answer))) == ("content", None, {"Drama"})
    assert {item.explanation for item in answer.items} == {"Drama"}
    assert answer.understood is not None
    assert [wish["words"] for wish in answer.understood] == ["Drama"]


def test_a_profile_text_counts_for_a_warm_user_as_well_and_keeps_their_order(path: RequestPath) -> None:
    plain, said = ask(path, "8", k=30), ask(path, "8", k=5, profile=Profile(text="drama"))
    assert set(categories(said)) == {"Drama"}
    assert (
        rows(said) == [row for row, label in zip(rows(plain), categories(plain), strict=True) if label == "Drama"][:5]
    )


@pytest.mark.parametrize("text", ["opera", "", "   ", "?!"])
def test_a_profile_text_that_matches_nothing_leaves_popularity(path: RequestPath, text: str) -> None:
    answer = ask(path, "stranger", k=3, profile=Profile(text=text))
    assert (answer.route, rows(answer)) == ("popularity", [0, 1, 2])
    assert answer.fallback_reason == (NO_MATCH if text.strip() else None)


def test_two_users_get_different_orders_for_one_query_and_both_hold(path: RequestPath) -> None:
    one, other = (ask(path, user, k=5, context=RequestContext(query="no drama")) for user in ("7", "8"))
    assert rows(one) != rows(other)
    assert "Drama" not in {*categories(one), *categories(other)}


def test_a_refusal_holds_for_every_item_even_where_the_list_gets_short(path: RequestPath) -> None:
    answer = ask(path, "stranger", k=30, context=RequestContext(query="neither drama nor comedy"))
    assert set(categories(answer)) == {"Sci-Fi"}
    assert len(answer.items) == 10


def test_words_that_did_nothing_are_named(path: RequestPath) -> None:
    answer = ask(path, "stranger", k=3, context=RequestContext(query="drama blorptastic"))
    assert answer.ignored == ("blorptastic",)
    assert answer.body()["ignored"] == ["blorptastic"]


def test_a_request_without_a_text_has_nothing_understood(path: RequestPath) -> None:
    body = ask(path, "stranger", profile=Profile(preferences={"Drama": 1.0})).body()
    assert {"understood", "ignored"}.isdisjoint(body)


def test_what_was_given_up_is_marked(path: RequestPath) -> None:
    answer = ask(path, "stranger", k=5, context=RequestContext(query="Film 101, only dramas"), exclude=["101"])
    assert answer.understood is not None
    assert [(wish["words"], wish["loosened"]) for wish in answer.understood] == [
        ("Drama", False),
        ("like Film 101", False),
    ]


def test_a_query_wins_over_what_a_profile_says_against_it(path: RequestPath) -> None:
    answer = ask(path, "3", k=3, profile=Profile(text="I hate drama"), context=RequestContext(query="drama"))
    assert set(categories(answer)) == {"Drama"}


def test_preferences_and_text_work_together(path: RequestPath) -> None:
    answer = ask(path, "stranger", k=2, profile=Profile(text="tag 4", preferences={"Comedy": 0.6}))
    assert rows(answer) == [4, 19]  # the comedies with Tag 4


def test_a_query_is_answered_by_its_matches_whoever_asks(path: RequestPath) -> None:
    for user_id in ("stranger", "3", "8"):
        answer = ask(path, user_id, k=3, context=RequestContext(query="comedy tag 2"))
        assert (answer.route, sorted(rows(answer))) == ("content", [7, 22])  # the comedies with Tag 2


def test_a_query_without_any_match_says_so_and_answers_as_ever(path: RequestPath) -> None:
    answer = ask(path, "8", context=RequestContext(query="opera"))
    assert (answer.route, answer.fallback_reason) == ("cf", NO_QUERY_MATCH)
    assert answer.items == ask(path, "8").items


def test_a_request_for_variety_gets_more_categories_and_the_best_item_first(path: RequestPath) -> None:
    plain, varied = (
        ask(path, "stranger", k=6, diversity=strength, profile=Profile(preferences={"Drama": 1.0}))
        for strength in (0.0, 0.9)
    )
    assert set(categories(plain)) == {"Drama"}
    assert len(set(categories(varied))) > 1
    assert varied.items[0] == plain.items[0]
    assert varied.candidates.items.tolist() == plain.candidates.items.tolist()
    assert [item.rank for item in varied.items] == [1, 2, 3, 4, 5, 6]


def test_the_policy_holds_where_the_request_says_nothing_and_yields_where_it_does(bundle: Bundle) -> None:
    policy = ROUTING.model_copy(update={"diversity": Diversity(strength=1.0)})
    varied = RequestPath(bundle, policy, "r", "blue", "default")
    plain = RequestPath(bundle, ROUTING, "r", "blue", "default")
    assert rows(ask(varied, "8")) == rows(ask(plain, "8", diversity=1.0)) != rows(ask(plain, "8"))
    assert rows(ask(varied, "8", diversity=0.0)) == rows(ask(plain, "8"))


def test_the_cap_per_category_holds(bundle: Bundle) -> None:
    policy = ROUTING.model_copy(update={"diversity": Diversity(max_per_category=2)})
    answer = ask(RequestPath(bundle, policy, "r", "blue", "default"), "8", k=6)
    assert sorted(categories(answer)) == ["Comedy"] * 2 + ["Drama"] * 2 + ["Sci-Fi"] * 2


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan"), "0.5"])
def test_a_strength_outside_zero_to_one_is_refused(strength: Any) -> None:
    with pytest.raises(ValidationError, match="diversity"):
        RecommendRequest(user_id="u", diversity=strength)
