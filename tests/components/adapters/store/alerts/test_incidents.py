"""Incidents open once, change one step at a time, and keep their outbox with them."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine

from components.adapters.store.alerts.incidents import Alert, AlertStore, Outgoing

OUT = [Outgoing("a", "opened", {"title": "t"}), Outgoing("b", "opened", {"title": "t"})]


@pytest.fixture
def store(engine: Engine) -> AlertStore:
    return AlertStore(engine)


def opened(store: AlertStore, now: float = 1.0) -> Alert:
    alert = store.open("k", "ndcg_drop", "warning", {"since": 0.0}, OUT, now)
    assert alert is not None
    return alert


def test_an_incident_opens_once_with_one_message_a_channel(store: AlertStore) -> None:
    alert = opened(store)
    assert store.open("k", "ndcg_drop", "critical", {}, OUT, 2.0) is None
    assert [(row.channel, row.kind) for row in store.deliveries(alert.alert_id)] == [("a", "opened"), ("b", "opened")]
    assert store.open_alerts() == [alert]


def test_of_many_that_open_it_at_once_one_does(store: AlertStore) -> None:
    outcomes: list[Alert | None] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(store.open("k", "r", "warning", {}, OUT, 1.0)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([outcome for outcome in outcomes if outcome is not None]) == 1
    assert len(store.deliveries(store.open_alerts()[0].alert_id)) == 2


def test_a_change_is_made_to_the_version_that_was_looked_at(store: AlertStore) -> None:
    alert = opened(store)
    changed = store.change(alert, "critical", alert.details, OUT, 2.0)
    assert changed is not None
    assert store.change(alert, "info", alert.details, OUT, 3.0) is None
    assert [(each.version, each.severity) for each in store.open_alerts()] == [(2, "critical")]


def test_after_its_end_an_incident_may_open_anew(store: AlertStore) -> None:
    alert = opened(store)
    assert store.change(alert, "warning", alert.details, [], 2.0, resolved=True) is not None
    assert store.open_alerts() == []
    assert opened(store, 3.0).alert_id != alert.alert_id


def test_a_note_tells_nobody_and_gives_way_to_a_change(store: AlertStore) -> None:
    alert = opened(store)
    assert store.note(alert, {**alert.details, "calm": 1}, 2.0)
    assert not store.note(alert, {**alert.details, "calm": 9}, 2.5)
    (now,) = store.open_alerts()
    assert (now.details["calm"], now.version) == (1, 1)
    assert len(store.deliveries(alert.alert_id)) == 2


def test_what_was_done_is_in_the_thread(store: AlertStore) -> None:
    alert = opened(store)
    store.add_to_thread(alert.alert_id, "retrained: version 3", 5.0)
    store.add_to_thread(99, "nobody", 5.0)
    (now,) = store.open_alerts()
    assert now.details["thread"] == [{"at": 5.0, "text": "retrained: version 3"}]


def test_failures_wait_and_are_counted_by_channel(store: AlertStore) -> None:
    opened(store)
    claimed = store.claim(1.0, 60.0, ["a", "b"])
    store.failed(claimed[0], "no", 50.0)
    store.delivered(claimed[1], 1.0)
    assert store.waiting() == [("a", 1, 1)]
    assert store.claim(49.0, 60.0, ["a", "b"]) == []
    assert [each.attempts for each in store.claim(50.0, 60.0, ["a", "b"])] == [2]
