"""What is past its time goes, and nothing else."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, func, select

from benchmarks.stated_params import stated
from components.adapters.store.engine import reading
from components.adapters.store.forgetting import forget_user
from components.adapters.store.pruning import DAY, IN_FLIGHT_SECONDS, count_unread, prune
from components.adapters.store.tables import (
    alert_deliveries,
    alerts,
    evaluations,
    feedback,
    impressions,
    llm_calls,
    requests,
    shadow_results,
)
from components.config.retention import RetentionConfig

NOW = 1_000 * DAY
RETENTION = stated(RetentionConfig, traffic_days=10, feedback_days=100, records_days=200)


def fill(engine: Engine, days: list[int]) -> None:
    """A request with two impressions, a feedback, and a resolved alert with a delivery, at each age in days."""
    with engine.begin() as db:
        for n, days_ago in enumerate(days):
            at = NOW - days_ago * DAY
            request: dict[str, Any] = {"request_id": f"r{n}", "received_at": at, "user_id": "u", "k": 2}
            request |= {"route": "cf", "release_id": "r", "slot": "blue", "variant": "d", "cost_usd": 0}
            request |= {key: [] for key in ("context", "candidates", "scores", "items", "timings_ms")}
            db.execute(requests.insert().values(**request, degraded=False, cached=False))
            shown = {"request_id": f"r{n}", "item_id": "i", "user_id": "u", "shown_at": at, "source": "cf"}
            rows = [{**shown, "position": position, "release_id": "r", "variant": "d"} for position in (1, 2)]
            db.execute(impressions.insert(), rows)
            event = {"event_id": f"e{n}", "user_id": "u", "item_id": "i", "type": "click"}
            db.execute(feedback.insert().values(**event, occurred_at=at, received_at=at))
            alert = {"incident_key": "k", "rule": "r", "severity": "s", "state": "resolved", "opened_at": at}
            made = db.execute(alerts.insert().values(**alert, updated_at=at, resolved_at=at, details={}))
            delivery = {"alert_id": made.inserted_primary_key[0], "version": 1, "kind": "opened"}
            db.execute(alert_deliveries.insert().values(**delivery, channel="c", message={}))


def counts(engine: Engine) -> dict[str, int]:
    tables = (requests, impressions, feedback, alerts, alert_deliveries)
    with reading(engine) as db:
        return {table.name: db.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def test_each_kind_of_row_goes_at_its_own_time(engine: Engine) -> None:
    fill(engine, [1, 9, 11, 99, 101, 199, 201])
    prune(engine, RETENTION, NOW, events_read_until=NOW)
    assert counts(engine) == {"requests": 2, "impressions": 4, "feedback": 4, "alerts": 6, "alert_deliveries": 6}


def test_feedback_that_no_data_version_has_read_stays_however_old(engine: Engine) -> None:
    fill(engine, [101, 300, 400])
    assert prune(engine, RETENTION, NOW, events_read_until=None).get("feedback", 0) == 0
    assert count_unread(engine, RETENTION, NOW, None) == 3
    read_until = NOW - 299 * DAY + IN_FLIGHT_SECONDS
    assert prune(engine, RETENTION, NOW, read_until)["feedback"] == 2
    assert count_unread(engine, RETENTION, NOW, read_until) == 1


def test_without_a_retention_everything_stays(engine: Engine) -> None:
    fill(engine, [1, 900])
    before = counts(engine)
    prune(engine, stated(RetentionConfig, traffic_days=None, feedback_days=None, records_days=None), NOW, NOW)
    assert counts(engine) == before


def test_more_rows_than_one_turn_takes_go_too(engine: Engine) -> None:
    row = {"user_id": "u", "item_id": "i", "type": "click", "occurred_at": 0.0, "received_at": 0.0}
    with engine.begin() as db:
        db.execute(feedback.insert(), [{**row, "event_id": str(n)} for n in range(4_500)])
    assert prune(engine, RETENTION, NOW, NOW)["feedback"] == 4_500


def judge_prompts(engine: Engine, request_ids: list[str], called_at: float) -> None:
    """A paid answer of a prompt, and a call of a language model, about each request."""
    tokens = {"input_tokens": 1, "output_tokens": 1, "cache_read_tokens": 0, "latency_ms": 1.0, "cost_usd": 0.5}
    with engine.begin() as db:
        db.execute(evaluations.insert().values(evaluation_id="e", spec={}, state="running", created_at=0.0))
        for request_id in request_ids:
            reply = {"evaluation_id": "e", "request_id": request_id, "prompt_version": "1", "outcome": "ok"}
            db.execute(shadow_results.insert().values(**reply, **tokens, created_at=NOW))
            call = {"call_id": request_id, "request_id": request_id, "release_id": "r", "tier": "t", "model": "m"}
            db.execute(llm_calls.insert().values(**call, **tokens, called_at=called_at, outcome="ok"))


def of_requests(engine: Engine) -> list[tuple[str, ...]]:
    with reading(engine) as db:
        return [tuple(sorted(db.execute(select(t.c.request_id)).scalars())) for t in (shadow_results, llm_calls)]


def test_what_leads_to_a_user_through_the_request_alone_goes_with_the_request(engine: Engine) -> None:
    fill(engine, [1, 11])
    judge_prompts(engine, ["r0", "r1"], called_at=NOW - 9 * DAY)
    deleted = prune(engine, RETENTION, NOW, NOW)
    assert of_requests(engine) == [("r0",), ("r0",)]
    assert (deleted["shadow_results"], deleted["llm_calls"]) == (1, 1)
    forget_user(engine, "u", at=NOW, by="test")
    assert of_requests(engine) == [(), ()]


def test_who_is_forgotten_after_an_older_pruning_leaves_no_result_behind(engine: Engine) -> None:
    fill(engine, [1])
    judge_prompts(engine, ["r0", "pruned long ago"], called_at=NOW)
    assert forget_user(engine, "somebody", at=NOW, by="test")["shadow_results"] == 1
    assert of_requests(engine)[0] == ("r0",)
