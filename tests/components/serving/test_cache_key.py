"""Two requests share a key exactly when they have the same answer."""

from __future__ import annotations

from typing import Any

import pytest

from components.serving.cache_key import CacheKey, cache_key, user_hash
from components.serving.requests import RecommendRequest

BODY: dict[str, Any] = {
    "user_id": "42",
    "k": 10,
    "context": {"mood": "tired", "query": "heist"},
    "profile": {"text": "old films", "preferences": {"Sci-Fi": 0.9}},
    "exclude": ["1"],
    "explain": True,
    "diversity": 0.3,
}


def key(
    changes: dict[str, Any], release: str = "release-1", variant: str = "default", state: str = "3.3", shelf: str = ""
) -> CacheKey:
    return cache_key(RecommendRequest.model_validate({**BODY, **changes}), release, variant, state, shelf)


def test_equal_requests_share_a_key_however_they_are_written() -> None:
    assert key({}) == key({"context": {"query": "heist", "mood": "tired", "device": None}})


@pytest.mark.parametrize(
    "changes",
    [
        {"user_id": "43"},
        {"k": 11},
        {"context": {"mood": "tired"}},
        {"context": None},
        {"profile": {"text": "new films", "preferences": {"Sci-Fi": 0.9}}},
        {"profile": {"text": "old films", "preferences": {"Sci-Fi": 0.8}}},
        {"profile": {"text": "old films", "preferences": {"Sci-Fi": 0.9}, "tier": "premium"}},
        {"exclude": ["1", "2"]},
        {"exclude": []},
        {"include": ["1"]},
        {"allow_seen": True},
        {"cursor": "S2F0eg"},
        {"filters": {"categories": ["Drama"]}},
        {"explain": False},
        {"diversity": 0.4},
        {"diversity": None},
    ],
)
def test_whatever_changes_an_answer_changes_its_key(changes: dict[str, Any]) -> None:
    assert key(changes) != key({})


def test_release_variant_what_the_user_did_and_what_is_off_change_the_key() -> None:
    keys = [key({}), key({}, release="release-2"), key({}, variant="b"), key({}, state="4.4"), key({}, shelf="1")]
    assert len({each.answer for each in keys}) == 5
    assert len({each.user for each in keys}) == 1


def test_parts_that_run_together_are_different_keys() -> None:
    assert key({}, release="ab", variant="c") != key({}, release="a", variant="bc")


def test_no_key_holds_a_user_id() -> None:
    found = key({"user_id": "anna@example.org"})
    assert found.user == user_hash("anna@example.org")
    assert "anna" not in f"{found.user}{found.answer}"
