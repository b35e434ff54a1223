"""Looks at small worlds of traffic: what is seen, told once, and answered."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from components.adapters.store.alerts.incidents import AlertStore
from monitoring.rules.judge import Unjudged
from monitoring.rules.table import read_rules, rules_of
from monitoring.summary import describe
from monitoring.watch import Looked, Surroundings
from tests.monitoring.looks import AROUND, HOUR, MINUTE, look, quality, watcher
from tests.monitoring.traffic import add_release, add_window, at_multiple, tell_late

START = at_multiple(7 * 86_400.0)


def test_a_fall_is_told_once_answered_once_and_its_end_is_told_once(engine: Engine, tmp_path: Path) -> None:
    add_release(engine, "release-1", START - HOUR)
    shares = [0.9] * 6 + [0.4] * 3 + [0.97] * 4  # a little better than before, so that chance does not hold its end up
    seen = []
    for place, share in enumerate(shares):
        add_window(engine, START + place * MINUTE, MINUTE, 600, share, place)
        seen.append(quality(look(engine, tmp_path, START + (place + 1) * MINUTE)))
    assert seen == [[]] * 6 + [["opened"]] + [[]] * 3 + [["ended"]] + [[]] * 2
    (alert,) = [alert for alert in AlertStore(engine).since(0.0) if alert.rule == "ndcg_drop"]
    opened, ended = (
        [row for row in AlertStore(engine).deliveries(alert.alert_id) if row.kind == kind]
        for kind in ("opened", "resolved")
    )
    assert [row.channel for row in opened] == ["a", "b"]
    assert [row.channel for row in ended] == ["a", "b"]
    body = opened[0].message["body"]
    for words in (
        "NDCG@10 (all requests)",
        "interval",
        "Since:",
        "For whom:",
        "release-1",
        "retrain/default",
        "quality-drop.md",
    ):
        assert words in body
    assert opened[0].message["answer"]["kind"] == "retrain"
    assert "Meanwhile: retrain/default" in ended[0].message["body"]


def test_the_segment_that_fell_is_named(engine: Engine, tmp_path: Path) -> None:
    for place in range(15):
        fallen = place == 14
        add_window(engine, START + place * MINUTE, MINUTE, 900, 0.5, place, cold_click_share=0.02 if fallen else 0.5)
    looked = look(engine, tmp_path, START + 15 * MINUTE)
    (told,) = [told for told in looked.told if told.alert.rule == "ndcg_drop"]
    assert "mostly cold users" in told.message.body


def test_a_fall_that_came_with_a_release_is_rolled_back_and_not_retrained(engine: Engine, tmp_path: Path) -> None:
    add_release(engine, "release-1", START - HOUR)
    add_release(engine, "release-2", START + 8.5 * MINUTE)
    for place in range(8):
        add_window(engine, START + place * MINUTE, MINUTE, 600, 0.5, place)
    add_window(engine, START + 8 * MINUTE, MINUTE / 2, 300, 0.5, 8)  # the promotion is in the midst of this window
    add_window(engine, START + 8.5 * MINUTE, MINUTE / 2, 300, 0.05, 9, release="release-2")
    looked = look(engine, tmp_path, START + 9 * MINUTE, Surroundings("release-2", "release-1"))
    (told,) = [told for told in looked.told if told.alert.rule == "ndcg_drop"]
    answer = told.alert.details["answer"]
    assert (answer["kind"], answer["release"], answer["to"]) == ("rollback", "release-2", "release-1")
    assert "the fall came with it" in told.message.body
    assert "recops rollback --reason" in told.message.body


def test_two_looks_at_once_open_one_incident(engine: Engine, tmp_path: Path) -> None:
    for place, share in enumerate([0.5] * 6 + [0.2]):
        add_window(engine, START + place * MINUTE, MINUTE, 600, share, place)
    found: list[Looked] = []
    threads = [
        threading.Thread(target=lambda: found.append(look(engine, tmp_path, START + 7 * MINUTE))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(quality(looked) for looked in found) == [[], ["opened"]]
    assert len([alert for alert in AlertStore(engine).open_alerts() if alert.rule == "ndcg_drop"]) == 1


def test_answers_on_trial_do_not_count_and_probes_are_left_out(engine: Engine, tmp_path: Path) -> None:
    add_release(engine, "release-1", START - HOUR)
    for place in range(7):
        add_window(engine, START + place * MINUTE, MINUTE, 600, 0.5, place)
    add_window(engine, START + 6 * MINUTE, MINUTE, 600, 0.0, 99, release="release-2", canary=True)
    add_release(engine, "release-3", START + 10 * MINUTE)
    add_window(engine, START + 6 * MINUTE, MINUTE, 50, 0.0, 98, release="release-3")  # its smoke test
    looked = look(engine, tmp_path, START + 7 * MINUTE)
    assert looked.windows.probes == 50
    assert looked.seen.current["requests"] == 600
    assert quality(looked) == []
    assert "on trial" in describe(looked, 30, 0, 0, 1.0)


@pytest.mark.parametrize("world", ["nothing at all", "no traffic now", "no feedback", "one user"])
def test_worlds_with_little_in_them_are_said_to_be_so(engine: Engine, tmp_path: Path, world: str) -> None:
    if world != "nothing at all":
        for place in range(7):
            n = 0 if world == "no traffic now" and place == 6 else 600
            users = 1 if world == "one user" else 200
            share = 0.0 if world == "no feedback" and place == 6 else 0.5
            add_window(engine, START + place * MINUTE, MINUTE, n, share, place, users=users)
    looked = look(engine, tmp_path, START + 7 * MINUTE)
    verdict = next(verdict for verdict in looked.verdicts if verdict.rule.name == "ndcg_drop")
    page = describe(looked, 30, 0, 0, 1.0)
    if world == "no feedback":
        assert [told.alert.rule for told in looked.told] == ["no_feedback"]
    else:
        assert looked.told == ()
    assert isinstance(verdict, Unjudged)
    assert verdict.reason in page


def test_hours_are_summed_once_and_kept(engine: Engine, tmp_path: Path) -> None:
    for place in range(3):
        add_window(engine, START + place * HOUR, HOUR, 100, 0.5, place)
    first = look(engine, tmp_path, START + 3 * HOUR, seconds=HOUR)
    again = look(engine, tmp_path, START + 3 * HOUR, seconds=HOUR)
    assert (first.windows.read, again.windows.read) == (300, 0)
    assert [window.n_requests for window in first.seen.history.windows[-3:]] == [100, 100, 100]
    assert [window.mean for window in again.seen.history.windows[-3:]] == [
        window.mean for window in first.seen.history.windows[-3:]
    ]


def test_hours_of_another_horizon_are_never_taken_for_these(engine: Engine, tmp_path: Path) -> None:
    for place in range(8):
        add_window(engine, START + place * HOUR, HOUR, 600, 0.0, place)
        tell_late(engine, START + place * HOUR, HOUR, 600, 1800.0)
    at = START + 12 * HOUR

    def hits(horizon: float) -> list[float]:
        looked = watcher(engine, tmp_path, horizon).look(at, at, HOUR, horizon, AROUND, lambda _line: None)
        return [window.gain.sum() for window in looked.seen.history.windows if window.n_requests]

    assert hits(0.0) == [0.0] * 8
    assert min(hits(2 * HOUR)) > 0
    assert hits(0.0) == [0.0] * 8
    assert hits(2 * HOUR) == hits(2 * HOUR)


def test_the_page_names_every_rule_and_group(engine: Engine, tmp_path: Path) -> None:
    for place in range(7):
        add_window(engine, START + place * MINUTE, MINUTE, 600, 0.5, place)
    page = describe(look(engine, tmp_path, START + 7 * MINUTE), 30, 0, 0, 1.0)
    for rule in rules_of("outcome", read_rules()):
        assert rule.name in page
    for words in ("segment warm", "segment cold", "route cf", "CTR of the last 7 days"):
        assert words in page
