"""Traffic is decided by the seed and the answers alone, bounded, paced, and told as it was seen."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from components.config.routing import RoutingConfig
from components.serving.bundle import read_bundle
from components.serving.request_path import RequestPath
from components.simulation.in_process import InProcessService
from components.simulation.summary import summarise
from components.simulation.traffic import Failure, TrafficCourse, Visit, run_traffic
from tests.components.simulation.people_worlds import ListService, person
from tests.worlds import make_bundle

PEOPLE = tuple(person(f"u{n}", f"i{n}", f"i{n + 1}") for n in range(6))
ITEMS = [f"i{n}" for n in range(8)]
COURSE = TrafficCourse(requests=120, seed=7, k=5)


class Clock:
    """Stands still unless somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


def run(service, people=PEOPLE, course: TrafficCourse = COURSE, clock: Clock | None = None) -> list[Visit]:
    clock = clock or Clock()
    return asyncio.run(run_traffic(service, people, course, clock.now, clock.sleep))


def essence(visits: list[Visit]) -> list[tuple]:
    return [(visit.number, visit.user_id, visit.clicked, visit.relevant, visit.n_relevant) for visit in visits]


@pytest.mark.parametrize("at_once", [1, 3, 16])
def test_the_same_seed_and_answers_give_the_same_clicks_whoever_is_served_first(at_once: int) -> None:
    expected = run(ListService(ITEMS))
    found = run(ListService(ITEMS), course=replace(COURSE, at_once=at_once))
    assert essence(found) == essence(expected)
    digest = summarise(expected, 1.0).clicks_digest
    assert summarise(found, 1.0).clicks_digest == digest
    assert summarise(run(ListService(ITEMS), course=replace(COURSE, seed=8)), 1.0).clicks_digest != digest


def test_nobody_clicks_twice_and_what_was_clicked_is_not_wanted_any_more() -> None:
    service = ListService(ITEMS)
    visits = run(service)
    clicked = [(event["user_id"], event["item_id"]) for event in service.told if event["type"] == "click"]
    assert clicked
    assert len(set(clicked)) == len(clicked)
    last = {visit.user_id: visit for visit in visits}
    assert min(visit.n_relevant for visit in last.values()) < 2


def test_without_feedback_nothing_is_told_and_people_stay_as_they_were() -> None:
    service = ListService(ITEMS)
    visits = run(service, course=replace(COURSE, feedback=False))
    assert not service.told
    assert {visit.n_relevant for visit in visits} == {2}
    assert sum(len(visit.clicked) for visit in visits) > 0


def test_every_event_names_its_request_and_has_an_id_of_its_own() -> None:
    service = ListService(ITEMS)
    run(service)
    assert all(event["event_id"].startswith(f"{event['request_id']}/") for event in service.told)
    assert len({event["event_id"] for event in service.told}) == len(service.told)


def test_failures_are_counted_by_kind_and_the_others_go_on() -> None:
    visits = run(ListService(ITEMS, fail_every=4))
    summary = summarise(visits, 1.0)
    assert summary.failures == {"503 store_unavailable": 30}
    assert summary.answered == 90
    assert summary.cost_usd == pytest.approx(22.5)
    assert all(not visit.clicked for visit in visits if isinstance(visit.reply, Failure))


def test_requests_start_at_the_rate_and_none_after_the_end() -> None:
    clock = Clock()
    visits = run(ListService(ITEMS), course=replace(COURSE, rate=10.0, max_seconds=5.0, at_once=1), clock=clock)
    assert len(visits) == 50
    assert clock.seconds == pytest.approx(5.0)


def test_ndcg_is_of_all_that_is_wanted() -> None:
    visit = run(
        ListService(["i9", "i0"]), people=[person("a", "i0", "elsewhere", taste=0.0)], course=TrafficCourse(1, 0, 2)
    )[0]
    assert visit.relevant == (False, True)
    one_of_two_at_rank_2 = (1 / 1.5849625) / (1 + 1 / 1.5849625)
    assert summarise([visit], 1.0).ndcg == pytest.approx(one_of_two_at_rank_2, abs=1e-6)


def test_people_can_ask_the_request_path_itself(tmp_path: Path) -> None:
    path = RequestPath(
        read_bundle(make_bundle(tmp_path / "b")),
        RoutingConfig(cold_start_threshold=5, candidates=200),
        "release-1",
        "",
        "default",
    )
    people = [person("7", *(str(item) for item in range(107, 117))), person("nobody", "101", "102")]
    visits = run(InProcessService(path), people, TrafficCourse(40, 3, 10))
    summary = summarise(visits, 1.0)
    assert summary.answered == 40
    assert summary.clicks > 0
    assert set(summary.routes) <= {"cf", "popularity", "fold_in"}
    met: set[tuple[str, str]] = set()
    for visit in visits:
        items = [item["item_id"] for item in visit.reply.body["items"]]
        assert not met & {(visit.user_id, item_id) for item_id in items}
        met |= {(visit.user_id, items[place]) for place in visit.clicked}
