"""Clocks change, traffic stops, monitors run twice at once or are killed: nothing is opened, ended or said again."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select

from components.adapters.store.alerts.incidents import AlertStore, Claimed
from components.adapters.store.tables import hourly_rollups
from monitoring.alerting.deliver import Delivered, deliver
from monitoring.rules.judge import Clear, Firing, Unjudged
from monitoring.watch import Looked
from tests.monitoring.killed_monitor import LIMITS
from tests.monitoring.looks import AROUND, HOUR, MINUTE, PARAMS, look, quality, watcher
from tests.monitoring.traffic import add_window, at_multiple

DAY = 86_400.0
START = at_multiple(7 * DAY)
BERLIN = PARAMS.model_copy(update={"timezone": "Europe/Berlin"})


@pytest.mark.parametrize("sunday", [datetime(2026, 10, 25, tzinfo=UTC), datetime(2027, 3, 28, tzinfo=UTC)])
def test_a_clock_change_neither_repeats_nor_loses_an_hour_nor_is_told(
    engine: Engine, tmp_path: Path, sunday: datetime
) -> None:
    """In the first two o'clock comes twice, in the second never; people live by the clock on the wall."""
    hours = [sunday.timestamp() + hour * HOUR for hour in range(-2, 6)]
    weeks = [start - week * 7 * DAY for week in (3, 2, 1) for start in hours]
    for place, start in enumerate([*weeks, *hours[1:-1]]):
        # An hour that is held against another one than its own would seem to fall.
        odd = datetime.fromtimestamp(start, ZoneInfo(BERLIN.timezone)).hour % 2
        add_window(engine, start, HOUR, 600, 0.3 if odd else 0.8, place)
    for start in hours[1:-1]:
        at = start + HOUR
        looked = watcher(engine, tmp_path, params=BERLIN).look(at, at, HOUR, 0.0, AROUND, lambda _line: None)
        assert looked.seen.current["requests"] == 600
        assert looked.seen.reference["requests"] == 600
        assert looked.told == ()
    assert kept_requests(engine) == 600 * (len(weeks) + len(hours) - 2)


def kept_requests(engine: Engine) -> float:
    with engine.connect() as db:
        hours = db.execute(select(hourly_rollups.c.metrics)).scalars().all()
    return sum(sum(metrics["requests"]) for metrics in hours)


def test_a_gap_in_traffic_opens_nothing_and_ends_nothing(engine: Engine, tmp_path: Path) -> None:
    shares = [0.9] * 7 + [0.3] * 2 + [None] * 6 + [0.3] * 2 + [0.95] * 4
    seen = []
    for place, share in enumerate(shares):
        if share is not None:
            add_window(engine, START + place * MINUTE, MINUTE, 600, share, place)
        looked = look(engine, tmp_path, START + (place + 1) * MINUTE)
        seen.append(quality(looked))
        if share is None:
            assert isinstance(verdict_of(looked), Unjudged | Firing)
    told = [(place, what) for place, each in enumerate(seen) for what in each]
    assert [what for _, what in told] == ["opened", "ended"]
    assert told[0][0] == 7
    assert told[1][0] >= 17


def verdict_of(looked: Looked) -> Clear | Firing | Unjudged:
    return next(verdict for verdict in looked.verdicts if verdict.rule.name == "ndcg_drop")


def test_two_monitors_at_once_keep_each_hour_once_and_send_each_message_once(engine: Engine, tmp_path: Path) -> None:
    for place, share in enumerate([0.9] * 6 + [0.2]):
        add_window(engine, START + place * MINUTE, MINUTE, 600, share, place)
    for place in range(3):
        add_window(engine, START - (place + 2) * HOUR, HOUR, 100, 0.5, 50 + place)
    received: list[str] = []

    class Channel:
        def send(self, message: Claimed, _timeout: float) -> None:
            received.append(message.key)

    def run(_: int) -> None:
        look(engine, tmp_path, START + 7 * MINUTE)
        look(engine, tmp_path, START, seconds=HOUR)
        deliver(AlertStore(engine), {"a": Channel(), "b": Channel()}, LIMITS, lambda: START + 7 * MINUTE)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    assert kept_requests(engine) == 300
    assert [alert.rule for alert in AlertStore(engine).open_alerts()].count("ndcg_drop") == 1
    assert len(received) == len(set(received))


@pytest.mark.parametrize("place", ["report", "send"])
def test_the_next_monitor_goes_on_where_one_was_killed(engine: Engine, tmp_path: Path, place: str) -> None:
    for number, share in enumerate([0.9] * 6 + [0.2]):
        add_window(engine, START + number * MINUTE, MINUTE, 600, share, number)
    at = START + 7 * MINUTE
    command = [sys.executable, "-m", "tests.monitoring.killed_monitor", f"sqlite:///{tmp_path / 'events.db'}"]
    done = subprocess.run([*command, str(at), place], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -signal.SIGKILL
    opened = quality(look(engine, tmp_path, at))
    assert opened == (["opened"] if place == "report" else [])
    received: list[str] = []

    class Channel:
        def send(self, message: Claimed, _timeout: float) -> None:
            received.append(message.key)

    sinks = {"a": Channel(), "b": Channel()}
    deliver(AlertStore(engine), sinks, LIMITS, lambda: at + 600)  # past the claim of the one that died
    assert sorted(received) == ["recops-alert-1-1-a", "recops-alert-1-1-b"]
    assert deliver(AlertStore(engine), sinks, LIMITS, lambda: at + 9000) == Delivered(0, 0)
    with engine.connect() as db:
        assert db.execute(select(func.count()).select_from(hourly_rollups)).scalar_one() == 0
