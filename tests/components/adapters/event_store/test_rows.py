"""The rows that requests and feedback become."""

from __future__ import annotations

import json
from pathlib import Path

from components.adapters.event_store.rows import feedback_rows, request_row
from components.adapters.event_store.tables import feedback, requests
from components.params import Routing
from components.serving.bundle import read_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import FeedbackEvent, RecommendRequest
from tests.worlds import make_bundle


def test_an_event_without_an_id_gets_the_gateways_and_its_position() -> None:
    events = [
        FeedbackEvent(event_id=event_id, user_id="1", item_id="101", type="click") for event_id in (None, "e", None)
    ]
    rows = feedback_rows(events, "gateway-7", received_at=9.0)
    assert [row["event_id"] for row in rows] == ["gateway-7:0", "e", "gateway-7:2"]
    assert {row["occurred_at"] for row in rows} == {9.0}
    assert set(rows[0]) == set(feedback.columns.keys()) - {"sequence"}


def test_an_events_own_time_is_kept_beside_the_time_of_arrival() -> None:
    body = (
        '{"user_id": "1", "item_id": "101", "type": "rating", "value": 4.5, "timestamp": "1970-01-01T01:00:05+01:00"}'
    )
    row = feedback_rows([FeedbackEvent.model_validate_json(body)], "g", received_at=9.0)[0]
    assert (row["occurred_at"], row["received_at"], row["value"]) == (5.0, 9.0, 4.5)


def test_a_request_row_can_be_replayed(tmp_path: Path) -> None:
    bundle = read_bundle(make_bundle(tmp_path / "bundle"))
    path = RequestPath(bundle, Routing(cold_start_threshold=5, candidates=100), "release-1", "blue", "default")
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
    assert len(json.loads(row["scores"])) == len(json.loads(row["candidates"])) == 30 - 7 - 1
