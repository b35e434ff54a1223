"""Fast rules judge the last minutes at once, with figures of the same window, and leave outcomes to their horizon."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine, update

from components.adapters.files.params_file import read_params
from components.adapters.store.alerts.incidents import AlertStore
from components.adapters.store.alerts.silences import SilenceStore
from components.adapters.store.tables import requests
from components.adapters.store.traffic.rollups import Rollups
from components.adapters.store.traffic.traffic_log import TrafficLog
from components.quality.relevance import Horizon
from monitoring.alerting.message import MessageContext
from monitoring.catalogue import WatchedCatalogue
from monitoring.collect import Collector
from monitoring.fast_look import FastLooked, FastWatcher
from monitoring.fast_page import describe_fast
from monitoring.rules.judge import Firing, Unjudged
from monitoring.rules.table import read_rules, rules_of
from tests.monitoring.traffic import add_window, at_multiple

PARAMS = read_params(Path(__file__).parents[2] / "params.yaml").monitor
MINUTES = 300.0
START = at_multiple(7 * 86_400.0)


def look(engine: Engine, at: float, known: Mapping[str, float] | None = None) -> FastLooked:
    asked: list[tuple[float, float]] = []

    def facts(start: float, end: float) -> Mapping[str, float]:
        asked.append((start, end))
        return known or {}

    watcher = FastWatcher(
        Collector(TrafficLog(engine, 5), Rollups(engine), WatchedCatalogue(), Horizon(0.0, 4.0, 30.0)),
        AlertStore(engine),
        SilenceStore(engine),
        rules_of("fast", read_rules()),
        PARAMS,
        ["a"],
        facts,
        lambda _firing: MessageContext("release-1", None, None, None, "page", "docs/runbooks"),
    )
    looked = watcher.look(at, at)
    assert asked == [(looked.seen.start, looked.seen.start + looked.seen.seconds)]
    return looked


def make_slow(engine: Engine, start: float, end: float, ms: float) -> None:
    within = (requests.c.received_at >= start) & (requests.c.received_at < end)
    with engine.begin() as db:
        db.execute(update(requests).where(within).values(timings_ms={"total": ms, "candidates": 1.0}))


def told(looked: FastLooked) -> list[tuple[str, str]]:
    return [(each.alert.rule, each.what) for each in looked.told]


def test_a_rule_has_one_pace_and_outcomes_are_not_judged_in_minutes() -> None:
    fast, outcome = rules_of("fast", read_rules()), rules_of("outcome", read_rules())
    assert sorted([*fast, *outcome], key=lambda rule: rule.name) == sorted(read_rules(), key=lambda rule: rule.name)
    assert {"latency_p95", "errors", "empty_lists", "fallbacks", "cache_hit_rate", "llm_failures", "slot_down"} <= {
        rule.name for rule in fast
    }
    assert {"ndcg_drop", "coverage_fall", "no_feedback", "score_drift"} <= {rule.name for rule in outcome}


def test_slow_answers_are_told_minutes_after_they_began_and_their_end_as_well(engine: Engine) -> None:
    seen = []
    for place in range(6):
        start = START + place * MINUTES
        add_window(engine, start, MINUTES, 400, 0.5, place)
        if place in (2, 3):
            make_slow(engine, start, start + MINUTES, 900.0)
        seen.append([each for each in told(look(engine, start + MINUTES + 5)) if each[0] == "latency_p95"])
    assert seen == [[], [], [("latency_p95", "opened")], [], [], [("latency_p95", "ended")]]


def test_few_requests_are_looked_at_over_a_longer_time_and_no_longer_than_an_hour(engine: Engine) -> None:
    for place in range(24):
        add_window(engine, START + place * MINUTES, MINUTES, 20, 0.5, place)
    looked = look(engine, START + 24 * MINUTES)
    assert looked.seen.seconds == 3600
    assert looked.seen.current["requests"] == 240
    add_window(engine, START + 23 * MINUTES, MINUTES, 400, 0.5, 99)
    assert look(engine, START + 24 * MINUTES).seen.seconds == MINUTES


def test_a_gateway_that_fails_everything_is_noticed_though_nothing_was_logged(engine: Engine) -> None:
    looked = look(engine, START + MINUTES, {"gateway_requests": 500.0, "error_share": 0.8})
    (errors,) = [verdict for verdict in looked.verdicts if verdict.rule.name == "errors"]
    assert isinstance(errors, Firing)
    assert errors.severity == "critical"
    assert ("errors", "opened") in told(looked)
    quiet = look(engine, START + 2 * MINUTES, {"gateway_requests": 3.0, "error_share": 1.0})
    (errors,) = [verdict for verdict in quiet.verdicts if verdict.rule.name == "errors"]
    assert isinstance(errors, Unjudged)
    assert "3 gateway requests" in errors.reason


def test_a_silent_slot_is_told_without_any_traffic(engine: Engine) -> None:
    looked = look(engine, START + MINUTES, {"live_slot_down": 1.0, "standby_slot_down": 0.0})
    assert told(looked) == [("slot_down", "opened")]
    page = describe_fast(looked, 1, 0, 0.1)
    for verdict in looked.verdicts:
        assert verdict.rule.name in page
    assert "1 rules fire" in page


def test_an_incident_of_silence_stays_open_while_nothing_is_known(engine: Engine) -> None:
    look(engine, START + MINUTES, {"live_slot_down": 1.0})
    for place in range(2, 6):
        assert told(look(engine, START + place * MINUTES)) == []
    (alert,) = AlertStore(engine).open_alerts()
    assert alert.rule == "slot_down"
