"""What becomes of an incident from one look to the next, who is told of it, and what is done about it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from components.adapters.files.params_file import read_params
from components.adapters.store.alerts.incidents import Alert, AlertStore
from components.adapters.store.alerts.silences import Silence
from components.config.monitor import Answering
from components.quality.drop import Chance, Drop
from monitoring.alerting.blame import ReleaseChange
from monitoring.alerting.message import MessageContext
from monitoring.alerting.tell import DEAD, EVENTS, IncidentChange, Teller
from monitoring.rules.judge import Clear, Firing, Verdict
from monitoring.rules.table import Severity, read_rules

DELIVERY = read_params(Path(__file__).parents[3] / "params.yaml").monitor.delivery
RULES = {rule.name: rule for rule in read_rules()}
HOUR = 3600.0
ALONE = MessageContext("release-2", "release-1", None, None, "report", "runbooks")
WITH_RELEASE = replace(ALONE, change=ReleaseChange("release-2", "release-1", 0.0))
CHANCE = Chance(0.0, np.zeros(1), np.ones(1), 64, 1.0)
DROP = Drop(0.1, 0.07, 0.3, 0.25, 0.35, 0.01, 0.0, 1.0, 1000.0, 0.001, CHANCE)


class Seen(AlertStore):
    """Shows the incidents as they were before somebody else changed them."""

    def __init__(self, engine: Engine, seen: Sequence[Alert]) -> None:
        super().__init__(engine)
        self._seen = list(seen)

    def open_alerts(self) -> list[Alert]:
        return self._seen


def fires(name: str = "latency_p95", severity: Severity = "warning") -> Firing:
    drop = DROP if RULES[name].check == "quality_drop" else None
    return Firing(RULES[name], severity, 900.0, 100.0, 0.0, drop, 1, drop)


def teller(
    store: AlertStore,
    context: MessageContext = ALONE,
    silences: dict[str, Silence] | None = None,
    answering: Answering | None = None,
) -> Teller:
    given = answering or Answering(enabled=True, cool_down_minutes=60, max_per_day=2)
    return Teller(store, ["chat", "mail", EVENTS], given, 2, lambda _firing: context, silences or {})


def tell(engine: Engine, verdict: Verdict, hour: float, context: MessageContext = ALONE) -> list[IncidentChange]:
    return teller(AlertStore(engine), context).tell([verdict], hour * HOUR, hour * HOUR)


def sent(engine: Engine, alert_id: int = 1) -> list[tuple[str, str]]:
    return [(row.kind, row.channel) for row in AlertStore(engine).deliveries(alert_id)]


def bodies(engine: Engine, kind: str, alert_id: int = 1) -> list[str]:
    return [row.message["body"] for row in AlertStore(engine).deliveries(alert_id) if row.kind == kind]


def test_an_incident_opens_once_changes_and_ends_and_every_channel_hears_each_once(engine: Engine) -> None:
    everybody = ["chat", "mail", EVENTS]
    assert [each.what for each in tell(engine, fires(), 1)] == ["opened"]
    assert tell(engine, fires(), 2) == []
    assert [each.what for each in tell(engine, fires(severity="critical"), 3)] == ["changed"]
    assert tell(engine, Clear(RULES["latency_p95"], 90.0), 4) == []
    (ended,) = tell(engine, Clear(RULES["latency_p95"], 80.0), 5)
    assert ended.what == "ended"
    assert (ended.alert.details["ended_value"], ended.alert.details["calm_from"]) == (80.0, 4 * HOUR)
    assert sent(engine) == [(kind, channel) for kind in ("opened", "changed", "resolved") for channel in everybody]
    assert [each.what for each in tell(engine, fires(), 6)] == ["opened"]


@pytest.mark.parametrize("before", ["opening", "change"])
def test_calm_is_counted_from_nothing_after_an_incident_opened_or_changed(engine: Engine, before: str) -> None:
    tell(engine, fires(), 1)
    if before == "change":
        tell(engine, Clear(RULES["latency_p95"], 90.0), 2)
        tell(engine, fires(severity="critical"), 3)
    assert tell(engine, Clear(RULES["latency_p95"], 90.0), 4) == []
    assert len(tell(engine, Clear(RULES["latency_p95"], 90.0), 5)) == 1


def test_calm_is_counted_from_nothing_once_an_incident_was_told_late(engine: Engine) -> None:
    silence = {"latency_p95": Silence("latency_p95", 0.0, HOUR, "a new disk", "ada")}
    teller(AlertStore(engine), silences=silence).tell([fires()], HOUR, HOUR)
    (late,) = tell(engine, fires(), 2)
    assert (late.what, late.alert.details["judged"]) == ("opened", 2 * HOUR)
    assert "untold" not in late.alert.details
    assert tell(engine, Clear(RULES["latency_p95"], 90.0), 3) == []
    assert [each.what for each in tell(engine, Clear(RULES["latency_p95"], 90.0), 4)] == ["ended"]
    assert sent(engine)[-3:] == [("resolved", "chat"), ("resolved", "mail"), ("resolved", EVENTS)]


def test_an_incident_in_silence_that_is_calm_or_still_silenced_is_not_told_late(engine: Engine) -> None:
    silence = {"latency_p95": Silence("latency_p95", 0.0, 9 * HOUR, "a new disk", "ada")}
    for hour in (1, 2):
        teller(AlertStore(engine), silences=silence).tell([fires()], hour * HOUR, hour * HOUR)
    assert tell(engine, Clear(RULES["latency_p95"], 90.0), 3) == []
    assert sent(engine) == [("opened", EVENTS)]


def test_what_is_only_good_to_know_wakes_nobody(engine: Engine) -> None:
    tell(engine, fires(severity="info"), 1)
    assert sent(engine) == [("opened", EVENTS)]


def test_what_another_look_has_changed_meanwhile_is_left_as_it_is(engine: Engine) -> None:
    tell(engine, fires(), 1)
    seen = AlertStore(engine).open_alerts()
    tell(engine, fires(severity="critical"), 2)
    told = len(sent(engine))
    late = teller(Seen(engine, seen))
    assert late.tell([fires(severity="critical")], 3 * HOUR, 3 * HOUR) == []
    assert teller(Seen(engine, [])).tell([fires()], 3 * HOUR, 3 * HOUR) == []
    calm = replace(seen[0], details={**seen[0].details, "calm": 1, "calm_from": 2 * HOUR})
    assert teller(Seen(engine, [calm])).tell([Clear(RULES["latency_p95"], 9.0)], 4 * HOUR, 4 * HOUR) == []
    untold = replace(seen[0], details={**seen[0].details, "untold": True})
    assert teller(Seen(engine, [untold])).tell([fires()], 4 * HOUR, 4 * HOUR) == []
    assert len(sent(engine)) == told


@pytest.mark.parametrize(
    ("name", "context", "kind", "words"),
    [
        ("ndcg_drop", ALONE, "retrain", "retrain/default is asked for"),
        ("ndcg_drop", WITH_RELEASE, "rollback", "rolling back from release-2 to release-1"),
        ("latency_p95", ALONE, "none", "nothing by itself: this rule is only told"),
    ],
)
def test_what_is_done_goes_with_the_first_message_alone_and_later_ones_say_it_again_in_words(
    engine: Engine, name: str, context: MessageContext, kind: str, words: str
) -> None:
    tell(engine, fires(name), 1, context)
    tell(engine, fires(name, "critical"), 2, context)
    rows = AlertStore(engine).deliveries(1)
    assert {row.message["answer"]["kind"] for row in rows if row.kind == "opened"} == {kind}
    assert {row.message["answer"]["kind"] for row in rows if row.kind == "changed"} == {"none"}
    assert {row.message["rule"] for row in rows} == {name}
    for body in bodies(engine, "opened") + bodies(engine, "changed"):
        assert words in body
    assert words in AlertStore(engine).since(0.0)[0].details["thread"][0]["text"]


def test_a_rollback_is_asked_for_with_the_releases_that_it_leads_from_and_to(engine: Engine) -> None:
    tell(engine, fires("ndcg_drop"), 1, WITH_RELEASE)
    answer = AlertStore(engine).deliveries(1)[0].message["answer"]
    assert (answer["release"], answer["to"]) == ("release-2", "release-1")


def test_retrains_of_incidents_that_are_over_count_for_the_cool_down_and_the_number_a_day(engine: Engine) -> None:
    at_most_one = Answering(enabled=True, cool_down_minutes=0, max_per_day=1)
    for hour, answer in ((1, "retrain"), (11, "none"), (27, "retrain")):
        told = teller(AlertStore(engine), answering=at_most_one)
        (opened,) = told.tell([fires("ndcg_drop")], hour * HOUR, hour * HOUR)
        assert opened.alert.details["answer"]["kind"] == answer
        better = Clear(RULES["ndcg_drop"], 0.1, replace(DROP, relative=0.0))
        for later in (1, 2):
            told.tell([better], (hour + later) * HOUR, (hour + later) * HOUR)
        assert AlertStore(engine).open_alerts() == []


def break_channel(engine: Engine, channel: str, attempts: int) -> None:
    for place in range(attempts):
        (claimed, *_) = AlertStore(engine).claim(1e6 + place * HOUR, 1.0, [channel])
        AlertStore(engine).failed(claimed, "refused", 0.0)


def test_the_other_channels_hear_once_of_one_that_takes_nothing_and_once_that_it_does_again(engine: Engine) -> None:
    tell(engine, fires(), 1)
    store = AlertStore(engine)
    assert teller(store).watch_channels(DELIVERY, HOUR) == []
    break_channel(engine, "chat", DELIVERY.dead_after - 1)
    assert teller(store).watch_channels(DELIVERY, 2 * HOUR) == []
    break_channel(engine, "chat", 1)
    (dead,) = teller(store).watch_channels(DELIVERY, 3 * HOUR)
    assert (dead.what, dead.alert.rule, dead.alert.severity) == ("opened", DEAD, "warning")
    assert f"1 messages wait for chat after {DELIVERY.dead_after} attempts" in dead.message.body
    assert teller(store).watch_channels(DELIVERY, 4 * HOUR) == []
    assert sent(engine, dead.alert.alert_id) == [("opened", "mail"), ("opened", EVENTS)]
    # Its own incident is none of a rule's, and a rule's is none of it.
    assert [each.what for each in tell(engine, fires(severity="critical"), 5)] == ["changed"]
    for claimed in AlertStore(engine).claim(2e6, 1.0, ["chat"]):
        store.delivered(claimed, 2e6)
    (alive,) = teller(store).watch_channels(DELIVERY, 6 * HOUR)
    assert (alive.what, alive.message.severity) == ("ended", "resolved")
    assert "chat" in alive.message.title
    assert sent(engine, dead.alert.alert_id)[2:] == [("resolved", each) for each in ("chat", "mail", EVENTS)]
    assert teller(store).watch_channels(DELIVERY, 7 * HOUR) == []
    assert [each.rule for each in store.open_alerts()] == ["latency_p95"]


def test_a_channel_that_is_no_longer_written_to_is_not_told_of(engine: Engine) -> None:
    tell(engine, fires(), 1)
    break_channel(engine, "chat", DELIVERY.dead_after)
    without = Teller(
        AlertStore(engine),
        ["mail"],
        Answering(enabled=False, cool_down_minutes=0, max_per_day=0),
        2,
        lambda _: ALONE,
        {},
    )
    assert without.watch_channels(DELIVERY, 3 * HOUR) == []
