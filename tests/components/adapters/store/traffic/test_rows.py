"""The rows that requests and feedback become."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.adapters.store.tables import feedback, requests
from components.adapters.store.traffic.rows import IMPRESSION_COLUMNS, KEPT_CANDIDATES, feedback_rows, request_row
from components.config.routing import RoutingConfig
from components.serving.bundle import read_bundle
from components.serving.feedback_notes import Noted
from components.serving.request_path import RequestPath
from components.serving.requests import FeedbackEvent, RecommendRequest
from tests.worlds import make_bundle


def test_an_event_without_an_id_gets_the_gateways_and_its_place() -> None:
    events = [
        Noted(index, FeedbackEvent(event_id=event_id, user_id="1", item_id="101", type="click"), 5.0)
        for index, event_id in ((0, None), (2, "e"), (3, None))
    ]
    rows = feedback_rows(events, "gateway-7", received_at=9.0)
    assert [row["event_id"].partition("~")[0] for row in rows] == ["gateway-7:0", "e", "gateway-7:3"]
    assert {(row["occurred_at"], row["received_at"]) for row in rows} == {(5.0, 9.0)}
    assert set(rows[0]) == set(feedback.columns.keys()) - {"sequence"}


def test_what_was_drawn_keeps_its_propensity(tmp_path: Path) -> None:
    bundle = read_bundle(make_bundle(tmp_path / "bundle"))
    path = RequestPath(bundle, RoutingConfig(cold_start_threshold=5, candidates=100), "release-1", "blue", "default")
    answer = path.recommend(RecommendRequest(user_id="8", k=3), "request-1")
    drawn = dataclasses.replace(answer, propensities=(1.0, 0.25, 1.0))
    rows = [request_row(RecommendRequest(user_id="8", k=3), each, bundle.items.ids, 9.0) for each in (answer, drawn)]
    assert [row["item_propensities"] for row in rows] == [None, "[1.0,0.25,1.0]"]
    assert {row["item_sources"] for row in rows} == {'["lightfm"]'}
    np.testing.assert_allclose(json.loads(rows[0]["item_scores"]), [item.score for item in answer.items], rtol=1e-6)


def test_of_items_of_several_sources_each_keeps_its_own(tmp_path: Path) -> None:
    bundle = read_bundle(make_bundle(tmp_path / "bundle"))
    path = RequestPath(bundle, RoutingConfig(cold_start_threshold=5, candidates=100), "release-1", "blue", "default")
    request = RecommendRequest(user_id="8", k=3)
    answer = path.recommend(request, "request-1")
    items = [dataclasses.replace(item, source=source) for item, source in zip(answer.items, "aab", strict=True)]
    row = request_row(request, dataclasses.replace(answer, items=items), bundle.items.ids, 9.0)
    assert row["item_sources"] == '["a","a","b"]'
    without = request_row(request, answer, bundle.items.ids, 9.0, with_impressions=False)
    assert {name: without[name] for name in IMPRESSION_COLUMNS} == dict.fromkeys(IMPRESSION_COLUMNS)
    assert json.loads(without["items"]) == [item.item_id for item in answer.items]


def test_a_request_row_can_be_replayed(tmp_path: Path) -> None:
    bundle = read_bundle(make_bundle(tmp_path / "bundle"))
    path = RequestPath(bundle, RoutingConfig(cold_start_threshold=5, candidates=100), "release-1", "blue", "default")
    request = RecommendRequest.model_validate_json(
        '{"user_id": "8", "k": 3, "exclude": ["110"], "context": {"device": "tv"}, "explain": true}'
    )
    answer = path.recommend(request, "request-1")
    row = request_row(request, answer, bundle.items.ids, received_at=9.0)
    assert set(row) == set(requests.columns.keys())
    again = RecommendRequest.model_validate({"user_id": row["user_id"], "k": row["k"], **json.loads(row["context"])})
    assert path.recommend(again, "request-1").body() == answer.body()
    assert json.loads(row["items"]) == [item.item_id for item in answer.items]
    assert json.loads(row["candidates"])[:3] == json.loads(row["items"])
    assert len(json.loads(row["scores"])) == len(json.loads(row["candidates"])) == KEPT_CANDIDATES < 30 - 7 - 1


@pytest.mark.parametrize("judged", [{"explored_position": 2}, {"llm": {"tier": "cheap"}}])
def test_all_candidates_are_kept_where_other_policies_or_prompts_are_judged_by_them(
    tmp_path: Path, judged: dict[str, Any]
) -> None:
    bundle = read_bundle(make_bundle(tmp_path / "bundle"))
    path = RequestPath(bundle, RoutingConfig(cold_start_threshold=5, candidates=100), "release-1", "blue", "default")
    request = RecommendRequest(user_id="8", k=3)
    answer = dataclasses.replace(path.recommend(request, "request-1"), **judged)
    row = request_row(request, answer, bundle.items.ids, received_at=9.0)
    assert len(json.loads(row["scores"])) == len(json.loads(row["candidates"])) == len(answer.candidates)
