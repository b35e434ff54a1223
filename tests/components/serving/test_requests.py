"""What a request body may and may not say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.serving.requests import FeedbackEvent, RecommendRequest, SimilarRequest

FULL: dict[str, Any] = {
    "user_id": "42",
    "k": 10,
    "context": {"time_of_day": "evening", "device": "tv", "mood": "calm", "query": "space"},
    "profile": {"text": "likes robots", "preferences": {"Sci-Fi": 0.9}, "tier": "gold"},
    "exclude": ["101"],
    "explain": False,
}


def parse(body: dict[str, Any]) -> RecommendRequest:
    return RecommendRequest.model_validate_json(json.dumps(body))


def wrong_places(body: dict[str, Any]) -> list[tuple[str | int, ...]]:
    with pytest.raises(ValidationError) as caught:
        parse(body)
    return [error["loc"] for error in caught.value.errors()]


def test_everything_in_the_contract_is_understood() -> None:
    request = parse(FULL)
    assert request.profile is not None
    assert request.context is not None
    assert (request.k, request.exclude, request.explain) == (10, ["101"], False)
    assert request.profile.preferences == {"Sci-Fi": 0.9}
    assert request.context.query == "space"


def test_only_the_user_is_required() -> None:
    request = parse({"user_id": "42"})
    assert (request.k, request.exclude, request.explain, request.profile, request.context) == (10, [], True, None, None)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"k": 0}, ("k",)),
        ({"k": 101}, ("k",)),
        ({"k": "10"}, ("k",)),
        ({"k": True}, ("k",)),
        ({"k": 2.5}, ("k",)),
        ({"user_id": 42}, ("user_id",)),
        ({"user_id": ""}, ("user_id",)),
        ({"user_id": "u" * 257}, ("user_id",)),
        ({"user_id": "a\x00b"}, ("user_id",)),
        ({"surprise": 1}, ("surprise",)),
        ({"context": {"weather": "rain"}}, ("context", "weather")),
        ({"profile": {"preferences": {"Sci-Fi": "much"}}}, ("profile", "preferences", "Sci-Fi")),
        ({"profile": {"preferences": {"Sci-Fi": 2}}}, ("profile", "preferences", "Sci-Fi")),
        ({"exclude": "101"}, ("exclude",)),
        ({"exclude": [101]}, ("exclude", 0)),
        ({"explain": "yes"}, ("explain",)),
    ],
)
def test_a_wrong_field_is_refused_by_name(change: dict[str, Any], place: tuple[str | int, ...]) -> None:
    assert wrong_places({**FULL, **change}) == [place]


def test_a_missing_user_is_refused_by_name() -> None:
    assert wrong_places({"k": 10}) == [("user_id",)]


def test_similar_items_need_an_item() -> None:
    assert SimilarRequest.model_validate_json('{"item_id": "101"}').k == 10
    with pytest.raises(ValidationError):
        SimilarRequest.model_validate_json('{"k": 3}')


def test_a_feedback_time_needs_its_zone() -> None:
    event = {"user_id": "1", "item_id": "101", "type": "click"}
    zoned = FeedbackEvent.model_validate_json(json.dumps({**event, "timestamp": "2026-01-01T00:00:00+01:00"}))
    assert zoned.timestamp is not None
    assert zoned.timestamp.timestamp() == 1_767_222_000.0
    with pytest.raises(ValidationError):
        FeedbackEvent.model_validate_json(json.dumps({**event, "timestamp": "2026-01-01T00:00:00"}))


@pytest.mark.parametrize("change", [{"type": "like"}, {"value": "5"}, {"event_id": ""}, {"item_id": None}, {"x": 1}])
def test_a_wrong_event_is_refused(change: dict[str, Any]) -> None:
    event = {"user_id": "1", "item_id": "101", "type": "click", **change}
    with pytest.raises(ValidationError):
        FeedbackEvent.model_validate_json(json.dumps(event))
