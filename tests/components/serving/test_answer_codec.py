"""A kept answer is read back as it was, and only those are kept that the next one should get."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from components.config.routing import RoutingConfig
from components.serving.answer import Answer
from components.serving.answer_codec import UnreadableAnswer, decode, encode, is_worth_keeping, shown_again
from components.serving.bundle import read_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from tests.worlds import make_bundle


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    path = RequestPath(
        read_bundle(make_bundle(tmp_path)), RoutingConfig(cold_start_threshold=5, candidates=200), "r", "s", "v"
    )
    made = path.recommend(RecommendRequest(user_id="8"), "first")
    return replace(
        made, cost_usd=0.25, model_version=3, experiments={"e": "b"}, llm={"tier": "cheap", "tokens": [1, 2]}
    )


def test_every_field_survives(answer: Answer) -> None:
    again = decode(encode(answer))
    for name in (field.name for field in fields(Answer) if field.name != "candidates"):
        assert getattr(again, name) == getattr(answer, name), name
    for ours, theirs in (
        (again.candidates.items, answer.candidates.items),
        (again.candidates.scores, answer.candidates.scores),
    ):
        assert np.array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"null", b'{"request_id": "x"}', b"\xff"])
def test_what_is_no_answer_is_not_read_as_one(content: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        decode(content)


def test_an_answer_of_code_with_other_fields_is_not_read_as_one(answer: Answer) -> None:
    with pytest.raises(UnreadableAnswer):
        decode(encode(answer).replace(b'"route"', b'"rute"'))


def test_the_next_one_gets_it_under_their_own_request_and_for_nothing(answer: Answer) -> None:
    again = shown_again(answer, "second", "green", 0.2)
    assert (again.request_id, again.slot, again.cached, again.cost_usd) == ("second", "green", True, 0.0)
    assert again.timings_ms == {"cache": 0.2, "total": 0.2}
    assert (again.items, again.route, again.user_id) == (answer.items, answer.route, answer.user_id)
    assert (answer.request_id, answer.cached) == ("first", False)


def test_answers_that_lack_something_or_were_left_to_chance_are_not_kept(answer: Answer) -> None:
    assert is_worth_keeping(answer)
    assert not is_worth_keeping(replace(answer, degraded=True))
    assert not is_worth_keeping(replace(answer, fallback_reason="the model was late"))
    assert not is_worth_keeping(replace(answer, explored_position=1, propensities=(0.5,)))
