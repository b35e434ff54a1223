"""The loop as it is now: what stands at each joint, read in a few short questions to the store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.adapters.dvc.data_registry import DataRegistryError
from components.adapters.slots.client import runs_release
from components.adapters.store.releases.history import read_last_rollout, read_release
from components.adapters.store.traffic.latest import MOST, count_since
from components.quality.figures import Figures
from components.rollout.routing import SLOTS, RoutingState, shares_of
from components.rollout.story import live_periods, tell_rollout
from jobs.console.day_figures import read_days
from jobs.console.kept import Kept
from jobs.wiring.workbench import Workbench
from monitoring.alerting.digest import DIGEST

HOUR, DAY = 3600.0, 86_400.0
DATA = "data versions"
TREND_DAYS = 28


@dataclass(frozen=True)
class DataJoint:
    """The newest data version, when it was made (seconds since 1970) and what it holds; or the `fault`."""

    tag: str | None
    made_at: float | None = None
    interactions: int = 0
    quarantined: int = 0
    events: int = 0
    fault: str | None = None


@dataclass(frozen=True)
class LiveJoint:
    """The release that answers: what it is made of, since when, and by whom."""

    release_id: str
    slot: str
    since: float | None
    by: str
    reason: str | None
    model_version: int
    prompt_version: int | None
    data_version: str | None
    ndcg: float | None
    commit: str
    experiment: str | None


@dataclass(frozen=True)
class SlotJoint:
    """A slot: what it holds, its share of the requests (per cent), what it is there for, whether it answers."""

    slot: str
    release_id: str | None
    share: int
    role: str
    answers: bool | None


@dataclass(frozen=True)
class Loop:
    """The whole picture; figures are of the newest judged day, beside those of the week before it, and by day."""

    data: DataJoint
    live: LiveJoint | None
    slots: tuple[SlotJoint, ...]
    canary_weight: int
    verdict: dict[str, Any] | None
    asked: int
    told: int
    counted_to: int
    judged_day: float | None
    today: Figures | None
    usual_ndcg: float | None
    trends: Mapping[str, tuple[float, ...]]
    open_alerts: int
    open_worst: str | None
    running_experiment: str | None


def read_loop(bench: Workbench, kept: Kept, now: float) -> Loop:
    """What each joint shows at `now`.

    Raises:
        NothingThereError: there is no event store yet.
    """
    store = bench.store
    state = store.releases.routing()
    asked, told = count_since(store.engine, now - HOUR)
    days = read_days(bench, kept, now)
    newest = days.days[-1] if days.days else None
    before = [day.all.ndcg_all for day in days.days[-8:-1] if math.isfinite(day.all.ndcg_all)]
    incidents = [alert for alert in store.alerts.open_alerts() if alert.rule != DIGEST]
    severities = [
        severity for severity in ("critical", "warning", "info") if severity in {a.severity for a in incidents}
    ]
    experiment = next((one.name for one in store.experiments.all() if one.state == "running"), None)
    return Loop(
        data=kept.get(DATA + ": newest", 20.0, lambda: _data(bench)),
        live=_live(bench, state),
        slots=tuple(_slot(bench, state, slot) for slot in SLOTS),
        canary_weight=state.canary_weight,
        verdict=_verdict(bench),
        asked=asked,
        told=told,
        counted_to=MOST,
        judged_day=newest.start if newest else None,
        today=newest.all if newest else None,
        usual_ndcg=sum(before) / len(before) if before else None,
        trends={
            name: tuple(getattr(day.all, name) for day in days.days[-TREND_DAYS:])
            for name in ("requests", "hit_rate", "ndcg_all")
        },
        open_alerts=len(incidents),
        open_worst=severities[0] if severities else None,
        running_experiment=experiment,
    )


def _data(bench: Workbench) -> DataJoint:
    try:
        newest = bench.data.latest()
    except DataRegistryError as error:
        return DataJoint(None, fault=str(error))
    if newest is None:
        return DataJoint(None)
    manifest = newest.manifest
    return DataJoint(
        newest.tag, newest.created.timestamp(), manifest.interactions, manifest.quarantined, manifest.events
    )


def _live(bench: Workbench, state: RoutingState) -> LiveJoint | None:
    if state.live_release is None or state.live_slot is None:
        return None
    found = read_release(bench.store.engine, state.live_release)
    went = [each for each in found["states"] if each["state"] == "live"]
    variant, summary = found["variants"][0], found["summary"]
    return LiveJoint(
        release_id=found["release_id"],
        slot=state.live_slot,
        since=went[-1]["at"] if live_periods(found["states"]) else None,
        by=went[-1]["by"] if went else found["created_by"],
        reason=went[-1]["reason"] if went else None,
        model_version=variant["model_version"],
        prompt_version=variant.get("prompt_version"),
        data_version=summary.get("data_version"),
        ndcg=summary.get("ndcg_at_10"),
        commit=found["git_commit"][:8],
        experiment=(summary.get("experiment") or {}).get("id"),
    )


def _slot(bench: Workbench, state: RoutingState, slot: Any) -> SlotJoint:
    release = state.releases[slot]
    share = sum(each.weight for each in shares_of(state) if each.slot == slot)
    if slot == state.live_slot:
        role = "live"
    elif release is not None and release == state.canary_release:
        role = "on trial"
    elif release is not None and release == state.standby_release:
        role = "standby"
    else:
        role = "idle"
    answers = None
    if release is not None and state.should_run[slot]:
        answers = all(runs_release(url, release) for url in bench.settings.slot_urls(slot))
    return SlotJoint(slot, release, share, role, answers)


def _verdict(bench: Workbench) -> dict[str, Any] | None:
    """The newest promotion or way back, in words."""
    row = read_last_rollout(bench.store.engine)
    return None if row is None else {**row, "told": tell_rollout(row)}
