"""Incidents are shown as people see them; with an operator's key somebody takes one on, or keeps a rule quiet."""

from __future__ import annotations

import pytest

from components.adapters.store.alerts.silences import Silence
from tests.console.small_console import SmallConsole

MESSAGE = {"message": {"title": "[critical] NDCG@10 down 12 %", "body": "For whom: <b>everybody</b>"}}


@pytest.fixture
def troubled(console: SmallConsole) -> SmallConsole:
    """One incident each that is open, acknowledged, silenced and recovered."""
    store, now = console.bench.store.alerts, console.now
    made = {
        rule: store.open(rule, rule, "critical", MESSAGE, (), now - 60)
        for rule in ("ndcg_drop", "slow_p95", "no_feedback", "skew")
    }
    store.acknowledge(made["slow_p95"].alert_id, "ann", "the disk is full", now)  # type: ignore[union-attr]
    console.bench.store.silences.add(Silence("no_feedback", now - 1, now + 600, "known", "ann"))
    store.change(made["skew"], "critical", MESSAGE, (), now, resolved=True)  # type: ignore[arg-type]
    return console


def test_a_calm_month_shows_how_an_incident_would_look(console: SmallConsole) -> None:
    text = console.text("/console/alerts")
    assert "Nothing is open." in text
    assert "recops alerts test" in text


def test_each_state_is_told_apart_and_messages_are_no_markup(troubled: SmallConsole) -> None:
    text = troubled.text("/console/alerts")
    assert "1 open, 1 acknowledged, 1 silenced. 1 recovered in the last 30 days." in text
    assert "acknowledged by ann: the disk is full" in text
    assert "by ann: known" in text
    assert "<b>everybody" not in troubled.get("/console/alerts").text
    assert "3 open" in troubled.text("/console")


@pytest.mark.parametrize("role", [None, "viewer"])
def test_only_an_operator_answers(troubled: SmallConsole, role: str | None) -> None:
    if role:
        troubled.sign_in(role)  # type: ignore[arg-type]
    assert "Take it on" not in troubled.get("/console/alerts").text
    number = troubled.bench.store.alerts.open_alerts()[0].alert_id
    posts = {f"/console/alerts/{number}/acknowledge": {}, "/console/alerts/silence": {"rule": "skew", "length": "2h"}}
    for path, data in posts.items():
        assert troubled.browser.post(path, data={**data, "why": "x"}).status_code == 403
    assert "acknowledged" not in troubled.bench.store.alerts.open_alerts()[0].details
    assert set(troubled.bench.store.silences.active(troubled.now)) == {"no_feedback"}


def test_an_operator_takes_an_incident_on_and_keeps_a_rule_quiet(troubled: SmallConsole) -> None:
    troubled.sign_in("operator")
    number = next(each.alert_id for each in troubled.bench.store.alerts.open_alerts() if each.rule == "ndcg_drop")
    reply = troubled.browser.post(f"/console/alerts/{number}/acknowledge", data={"why": "a retraining runs"})
    assert reply.status_code == 303
    assert "a retraining runs" in troubled.text("/console/alerts")
    quiet = {"rule": "ndcg_drop", "length": "2h", "why": "a retraining runs"}
    assert troubled.browser.post("/console/alerts/silence", data=quiet).status_code == 303
    assert "ndcg_drop" in troubled.bench.store.silences.active(troubled.now)
    noted = [(each["action"], each["details"]) for each in troubled.bench.store.audit.newest(2)]
    assert noted == [
        ("alerts ack", {"alert": number, "why": "a retraining runs"}),
        ("alerts silence", quiet),
    ]
    assert all(each["by"].startswith("my operator (") for each in troubled.bench.store.audit.newest(2))
    entries = len(troubled.bench.store.audit.newest(100))
    for wrong, said in (({"why": ""}, "say why"), ({"length": "ever"}, "write 30m"), ({"rule": "x"}, "no rule")):
        reply = troubled.browser.post("/console/alerts/silence", data={**quiet, **wrong})
        assert (reply.status_code, said in reply.text) == (422, True)
    assert [each["action"] for each in troubled.bench.store.audit.newest(1)] == ["alerts silence"]
    assert len(troubled.bench.store.audit.newest(100)) == entries
