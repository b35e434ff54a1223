"""Figures by day come from the hourly sums, with releases and incidents on the axis."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from components.quality.log import Group
from components.quality.sums import Sums
from jobs.console.day_figures import DAY, FILE
from tests.console.small_console import SmallConsole

HORIZON = 1440 * 60.0


def hour(requests: int, clicks: int, cost: float, milliseconds_bin: int = 3) -> Sums:
    """Requests of one user, each with ten items."""
    return Sums(
        requests=np.eye(1, 64, 0)[0] * requests,
        engaged=np.eye(1, 64, 0)[0] * clicks,
        ndcg=np.eye(1, 64, 0)[0] * clicks * 0.5,
        hits=clicks,
        impressions=10.0 * requests,
        clicks=clicks,
        cost_usd=cost,
        latency={milliseconds_bin: requests},
    )


@pytest.fixture
def summed(console: SmallConsole) -> SmallConsole:
    """Three days: on each, warm users by cf and cold ones by a language model; a canary that counts nowhere."""
    today = console.now // DAY * DAY
    cells: dict[Any, Sums] = {}
    for days, clicks in ((4, 10), (3, 20), (2, 40)):
        start = today - days * DAY
        cells[start, Group("release-1", "blue", "default", "cf", "warm", False)] = hour(90, clicks, 0.0)
        cells[start + 23 * 3600, Group("release-1", "blue", "default", "hybrid", "cold", False)] = hour(10, 0, 0.02)
        cells[start, Group("release-2", "green", "default", "cf", "warm", True)] = hour(1000, 1000, 5.0)
    console.bench.store.rollups.replace(0, console.now, HORIZON, cells, console.now)
    return console


def drawn(console: SmallConsole, path: str) -> Any:
    found = re.search(r'<script type="application/json" id="drawn">(.*?)</script>', console.get(path).text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_without_sums_the_next_command_is_shown(console: SmallConsole) -> None:
    assert "recops simulate --days 14" in console.text("/console/quality")


def test_each_day_is_the_sum_of_its_hours_without_releases_on_trial(summed: SmallConsole) -> None:
    charts = drawn(summed, "/console/quality")["charts"]
    values = {(key, each["label"]): each["values"] for key, chart in charts.items() for each in chart["series"]}
    assert values["requests", "requests"] == [100, 100, 100]
    assert values["ndcg", "all"] == pytest.approx([0.05, 0.1, 0.2])
    assert values["ndcg", "cold"] == [0, 0, 0]
    assert values["clicks", "CTR"] == pytest.approx([0.01, 0.02, 0.04])
    assert values["answers", "language model"] == pytest.approx([0.1, 0.1, 0.1])
    assert values["cost", "dollars"] == pytest.approx([0.2, 0.2, 0.2])


def test_a_day_that_is_not_over_is_left_out(summed: SmallConsole) -> None:
    begun = summed.now // DAY * DAY - DAY
    cells = {(begun, Group("release-1", "blue", "default", "cf", "warm", False)): hour(5, 1, 0)}
    summed.bench.store.rollups.replace(begun, summed.now, HORIZON, cells, summed.now)
    assert drawn(summed, "/console/quality")["days"][-1] == begun - DAY


def test_a_day_is_kept_until_its_hours_are_summed_anew(summed: SmallConsole) -> None:
    desk = summed.app._app.state.desk  # type: ignore[attr-defined]
    path = summed.settings.root / FILE
    first = drawn(summed, "/console/quality")
    path.write_text(path.read_text().replace('"requests": 100.0', '"requests": 111.0'))
    desk.kept.drop("days")
    kept = drawn(summed, "/console/quality")
    counts = [each["charts"]["requests"]["series"][0]["values"] for each in (first, kept)]
    assert counts == [[100, 100, 100], [111, 111, 111]]
    begun = summed.now // DAY * DAY - 2 * DAY
    cells = {(begun + 23 * 3600, Group("release-1", "blue", "default", "cf", "warm", False)): hour(5, 1, 0)}
    summed.bench.store.rollups.replace(begun, summed.now, HORIZON, cells, summed.now + 1)
    desk.kept.drop("days")
    assert drawn(summed, "/console/quality")["charts"]["requests"]["series"][0]["values"] == [111, 111, 5]


def test_a_damaged_file_of_days_is_made_anew(summed: SmallConsole) -> None:
    path = summed.settings.root / FILE
    path.parent.mkdir()
    path.write_text('{"form": 1, "figures": ["other"], "days": 3')
    assert drawn(summed, "/console/quality")["charts"]["requests"]["series"][0]["values"] == [100, 100, 100]


def test_parts_are_drawn_apart(summed: SmallConsole) -> None:
    charts = drawn(summed, "/console/quality?by=segment")["charts"]
    assert {each["label"] for each in charts["ndcg"]["series"]} == {"warm", "cold"}
    charts = drawn(summed, "/console/quality?by=release")["charts"]
    assert [each["label"] for each in charts["ndcg"]["series"]] == ["release-1"]


def test_releases_and_incidents_are_marked(summed: SmallConsole) -> None:
    summed.fake.clock.now = summed.now - 3 * DAY
    summed.promote()
    summed.bench.store.alerts.open("ndcg", "ndcg_drop", "warning", {}, (), summed.now - 2 * DAY)
    marks = [(mark["kind"], mark["label"]) for mark in drawn(summed, "/console/quality")["marks"]]
    assert marks == [("release", "release-1"), ("alert", "ndcg_drop")]


def test_the_loop_shows_the_newest_day_beside_the_usual(summed: SmallConsole) -> None:
    text = summed.text("/console")
    assert "NDCG@10 0.2, usual 0.075" in text


def test_what_a_name_holds_cannot_end_the_figures(summed: SmallConsole) -> None:
    name = "</script><script>alert(1)"
    last = summed.now // DAY * DAY - 3600
    cells = {(last, Group(name, "blue", "default", "cf", "warm", False)): hour(5, 1, 0)}
    summed.bench.store.rollups.replace(last, summed.now, HORIZON, cells, summed.now)
    page = summed.get("/console/quality?by=release").text
    assert "<script>alert" not in page
    assert name in [each["label"] for each in drawn(summed, "/console/quality?by=release")["charts"]["ndcg"]["series"]]
