"""What is past its time goes, and nothing else."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, func, select

from components.adapters.store.engine import reading
from components.adapters.store.pruning import DAY, IN_FLIGHT_SECONDS, count_unread, prune
from components.adapters.store.tables import alert_deliveries, alerts, feedback, impressions, requests
from components.config.params import Retention

NOW = 1_000 * DAY
RETENTION = Retention(traffic_days=10, feedback_days=100, records_days=200)


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
    with reading(engine) as db:
        assert count_unread(db, RETENTION, NOW, None) == 3
    read_until = NOW - 299 * DAY + IN_FLIGHT_SECONDS
    assert prune(engine, RETENTION, NOW, read_until)["feedback"] == 2
    with reading(engine) as db:
        assert count_unread(db, RETENTION, NOW, read_until) == 1


def test_without_a_retention_everything_stays(engine: Engine) -> None:
    fill(engine, [1, 900])
    before = counts(engine)
    prune(engine, Retention(traffic_days=None, feedback_days=None, records_days=None), NOW, NOW)
    assert counts(engine) == before


def test_more_rows_than_one_turn_takes_go_too(engine: Engine) -> None:
    row = {"user_id": "u", "item_id": "i", "type": "click", "occurred_at": 0.0, "received_at": 0.0}
    with engine.begin() as db:
        db.execute(feedback.insert(), [{**row, "event_id": str(n)} for n in range(4_500)])
    assert prune(engine, RETENTION, NOW, NOW)["feedback"] == 4_500
