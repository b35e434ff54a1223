"""Weeks that people live through at once: when they ask, when they tell, and that the seed decides."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from components.config.routing import RoutingConfig
from components.serving.bundle import read_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from components.simulation.history import HistoryPlan, PastVisit, draw_times, live_through
from tests.components.simulation.people_worlds import person
from tests.worlds import make_bundle

START = datetime(2026, 11, 2, tzinfo=UTC).timestamp()  # a Monday
DAY = 86_400.0
PLAN = HistoryPlan(START, START + 14 * DAY, 20_000, 3, ZoneInfo("UTC"))


def test_people_ask_more_in_the_evening_and_on_weekends_and_at_no_other_time_than_planned() -> None:
    times = draw_times(PLAN)
    assert len(times) == PLAN.requests
    assert np.all(np.diff(times) >= 0)
    assert PLAN.start <= times[0]
    assert times[-1] < PLAN.end
    days = Counter(datetime.fromtimestamp(at, UTC).weekday() for at in times)
    assert min(days[5], days[6]) > 1.25 * max(days[day] for day in range(5))
    hours = Counter(datetime.fromtimestamp(at, UTC).hour for at in times)
    assert max(hours, key=hours.__getitem__) in (19, 20, 21)
    assert hours[20] > 3 * hours[8]


def test_the_rhythm_is_that_of_the_zone() -> None:
    times = draw_times(HistoryPlan(PLAN.start, PLAN.end, 20_000, 3, ZoneInfo("Asia/Tokyo")))
    hours = Counter((datetime.fromtimestamp(at, UTC) + timedelta(hours=9)).hour for at in times)
    assert max(hours, key=hours.__getitem__) in (19, 20, 21)


def visits(folder: Path, seed: int, days: int = 2) -> list[PastVisit]:
    bundle = read_bundle(make_bundle(folder))
    path = RequestPath(bundle, RoutingConfig(cold_start_threshold=5, candidates=100), "simulated-1", "s", "default")
    people = [person(str(user), *bundle.items.ids) for user in range(1, 6)]
    plan = HistoryPlan(START, START + days * DAY, 400, seed, ZoneInfo("UTC"))

    def ask(request: RecommendRequest, request_id: str, _at: float):  # type: ignore[no-untyped-def]
        return path.recommend(request, request_id)

    return list(live_through(plan, people, ask))


def test_people_tell_of_clicks_soon_of_ratings_later_and_of_nothing_that_is_still_to_come(tmp_path: Path) -> None:
    lived = visits(tmp_path, 1)
    waits: dict[str, list[float]] = {}
    for visit in lived:
        for event in visit.events:
            assert visit.at < event["occurred_at"] < START + 2 * DAY
            assert event["item_id"] in [item.item_id for item in visit.answer.items]
            waits.setdefault(event["type"], []).append(event["occurred_at"] - visit.at)
    assert waits.keys() == {"click", "rating", "purchase"}
    assert np.median(waits["click"]) < 60
    assert np.median(waits["rating"]) > 1800
    assert np.median(waits["purchase"]) > np.median(waits["rating"])


def test_the_seed_decides_who_asks_when_and_what_they_do(tmp_path: Path) -> None:
    def told(seed: int, name: str) -> list[tuple[float, str, int]]:
        return [(visit.at, visit.request.user_id, len(visit.events)) for visit in visits(tmp_path / name, seed)]

    first = told(1, "a")
    assert told(1, "b") == first
    assert told(2, "c") != first
    assert [at for at, _, _ in first] == sorted(at for at, _, _ in first)


def test_quality_does_not_fall_because_people_have_found_what_they_like(tmp_path: Path) -> None:
    lived = visits(tmp_path, 4, days=10)
    early, late = ([len(visit.events) for visit in half] for half in (lived[:200], lived[200:390]))
    assert np.mean(late) > 0.7 * np.mean(early)
