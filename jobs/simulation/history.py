"""Writes weeks of simulated, labelled history through the request path, as the live release would have answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from components.adapters.store.traffic.rows import request_row
from components.adapters.store.traffic.simulated import MARK
from components.config.routing import Diversity, RoutingConfig
from components.serving.answer import Answer
from components.serving.bundle import Bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from components.simulation.history import DAY, HistoryPlan, PastVisit, live_through
from components.simulation.people import SimulatedPerson
from jobs.live_release import live_release
from jobs.wiring.workbench import Workbench

BATCH = 500
FORMER_DIVERSITY = 0.15
"""What the former release gives up for variety: the change of release in the midst of the history ends that."""


@dataclass(frozen=True)
class WrittenHistory:
    """What was written, in place of what had been written before; `end` is the time up to which."""

    requests: int
    clicks: int
    events: int
    replaced: int
    start: float
    end: float
    seconds: float


def write_history(
    bench: Workbench,
    people: Sequence[SimulatedPerson],
    days: int,
    requests: int,
    seed: int,
    now: float,
    on_visit: Callable[[PastVisit], None] = lambda _visit: None,
    told: bool = True,
) -> WrittenHistory:
    """Let people live through the `days` before `now`; all rows are marked, and those of an earlier call go.

    The bundle of the live release answers, without a language model. In the first half a release `simulated-1` with
    more varied lists answers, in the second half `simulated-2` with the policy of the live one. Unless it is `told`,
    nothing arrives of what they did, as from a page that has lost its clicks.

    Raises:
        jobs.errors.NothingThereError: nothing is live.
    """
    began = time.perf_counter()
    files = live_release(bench)
    bundle, routing = files.read_bundle(), files.control.routing
    plan = HistoryPlan(now - days * DAY, now, requests, seed, ZoneInfo(bench.params.monitor.timezone))
    former = routing.model_copy(update={"diversity": Diversity(strength=FORMER_DIVERSITY)})
    paths = [
        _path(bundle, policy, f"{MARK}{number}", files.control.model_version)
        for number, policy in enumerate((former, routing), start=1)
    ]
    middle = plan.start + (plan.end - plan.start) / 2

    def ask(request: RecommendRequest, request_id: str, at: float) -> Answer:
        return paths[at >= middle].recommend(request, request_id)

    kept = bench.store.simulated
    replaced = kept.clear()
    count = {"clicks": 0, "events": 0}
    batch: list[PastVisit] = []
    for visit in live_through(plan, people, ask):
        visit = visit if told else replace(visit, events=())
        batch.append(visit)
        count["clicks"] += sum(event["type"] == "click" for event in visit.events)
        count["events"] += len(visit.events)
        on_visit(visit)
        if len(batch) == BATCH:
            _write(bench, batch, bundle)
            batch = []
    _write(bench, batch, bundle)
    kept.forget_hours(plan.start)
    return WrittenHistory(
        requests, count["clicks"], count["events"], replaced, plan.start, plan.end, time.perf_counter() - began
    )


def _path(bundle: Bundle, routing: RoutingConfig, release_id: str, model_version: int | None) -> RequestPath:
    return RequestPath(bundle, routing, release_id, "simulated", "default", time.perf_counter, model_version)


def _write(bench: Workbench, visits: Sequence[PastVisit], bundle: Bundle) -> None:
    bench.store.simulated.add(
        [request_row(visit.request, visit.answer, bundle.items.ids, visit.at) for visit in visits],
        [
            {
                "event_id": f"{MARK}{visit.answer.request_id}/{place}",
                "request_id": visit.answer.request_id,
                "user_id": visit.answer.user_id,
                "item_id": event["item_id"],
                "type": event["type"],
                "value": event.get("value"),
                "occurred_at": event["occurred_at"],
                "received_at": event["occurred_at"],
            }
            for visit in visits
            for place, event in enumerate(visit.events)
        ],
    )
