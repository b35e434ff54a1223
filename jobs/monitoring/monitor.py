"""One monitor run: wires what a look needs, looks, and empties the outbox."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from components.adapters.alerting.monitor_state import read_state, write_state
from components.params.params import Params
from components.quality.relevance import Horizon
from jobs.monitoring.alert_channels import channels
from jobs.monitoring.figures import JudgedTime, count_flow_runs, find_skew, live_bundle
from jobs.wiring.workbench import Workbench
from monitoring.alerting.deliver import Delivered, deliver
from monitoring.catalogue import WatchedCatalogue, catalogue_of
from monitoring.collect import Collector
from monitoring.drift.report import write_report
from monitoring.drift.skew import Skew
from monitoring.quality_metrics import write_quality_metrics
from monitoring.rules.table import read_rules, rules_of
from monitoring.watch import Looked, Surroundings, Watcher

HOUR = 3600.0


class MonitorError(Exception):
    """What was asked for cannot be judged; the message names the parameter and the fix."""


@dataclass(frozen=True)
class MonitorRequest:
    """What to judge; None takes what params.yaml says.

    Attributes:
        at: ISO 8601 time, now by default; the newest window closed by then is judged.
        window_minutes, horizon_minutes: other than in params.yaml; 0 minutes of horizon for a simulation.
    """

    at: str | None = None
    window_minutes: float | None = None
    horizon_minutes: float | None = None


@dataclass(frozen=True)
class Ran:
    """What a run found and sent."""

    looked: Looked
    delivered: Delivered
    skew: Skew | None
    n_items: int
    seconds: float


def run_monitor(bench: Workbench, request: MonitorRequest, log: Callable[[str], None]) -> Ran:
    """Judge the newest closed window, bring incidents up to date, send what is due.

    Raises:
        MonitorError: a parameter is wrong.
        jobs.errors.NothingThereError: there is no event store yet.
        monitoring.rules.table.RulesError, components.adapters.alerting.apprise_channel.ChannelError: as named.
    """
    began, params, now = time.monotonic(), bench.params, time.time()
    when = _when(request, params, now)
    live = bench.store.releases.routing()
    bundle = live_bundle(bench, live.live_release)
    catalogue = catalogue_of(bundle) if bundle else WatchedCatalogue()
    sinks = channels(bench)
    folder = bench.settings.root / "monitoring"
    state = read_state(folder / "state.json")
    skew = find_skew(bench.data, bundle, catalogue, log)
    figures: dict[str, float] = {}
    if skew is not None:
        figures["skew_share"] = skew.share
        for example in skew.examples:
            log(f"training and serving differ: {example}")
    watcher = make_watcher(bench, when.horizon, catalogue, state.last_shown, list(sinks))
    reports = f"http://{bench.settings.host}:{bench.settings.evidently_port} ({folder / 'reports'}/{{name}}.json)"
    around = Surroundings(live.live_release, live.standby_release, figures, reports)
    looked = watcher.look(when.at, now, when.seconds, when.horizon, around, log)
    as_kept = when.seconds % HOUR == 0 and when.horizon == params.monitor.horizon_minutes * 60
    if looked.windows.last_shown and as_kept:
        state = replace(state, last_shown=dict(looked.windows.last_shown), summed_until=looked.windows.end)
    write_state(folder / "state.json", state)
    delivered = deliver(watcher.alerts, sinks, params.monitor.delivery, time.time)
    write_quality_metrics(
        folder / "metrics" / "recops.prom",
        looked.seen.current,
        watcher.alerts.open_alerts(),
        {channel: count for channel, count, _ in watcher.alerts.waiting()},
        count_flow_runs(bench.prefect, now),
        now,
    )
    return Ran(looked, delivered, skew, len(catalogue), time.monotonic() - began)


def make_watcher(
    bench: Workbench,
    horizon_seconds: float,
    catalogue: WatchedCatalogue,
    last_shown: Mapping[str, float],
    sinks: Sequence[str],
) -> Watcher:
    """The watcher of outcomes, with this horizon; `sinks` are the names of the channels that it tells."""
    params = bench.params
    threshold, dwell = params.prepare.positive_threshold, params.monitor.min_dwell_seconds
    horizon = Horizon(horizon_seconds, threshold, dwell)
    return Watcher(
        collector=Collector(bench.store.traffic_log, bench.store.rollups, catalogue, horizon, last_shown),
        facts=bench.store.facts,
        alerts=bench.store.alerts,
        silences=bench.store.silences,
        rules=rules_of("outcome", read_rules()),
        params=params.monitor,
        catalogue=catalogue,
        folder=bench.settings.root / "monitoring",
        channels=sinks,
        write_report=write_report,
    )


def _when(request: MonitorRequest, params: Params, now: float) -> JudgedTime:
    """When to judge, and how much."""
    minutes = params.monitor.window_minutes if request.window_minutes is None else request.window_minutes
    horizon = params.monitor.horizon_minutes if request.horizon_minutes is None else request.horizon_minutes
    if not 0.1 <= minutes <= 7 * 1440:
        raise MonitorError(f"window_minutes: {minutes:g} is not between 0.1 and 10080 (a week)")
    if minutes > 60 and minutes % 60:
        raise MonitorError(f"window_minutes: {minutes:g} is over an hour and no whole number of hours")
    if not math.isfinite(horizon) or horizon < 0:
        raise MonitorError(f"horizon_minutes: {horizon:g} is negative or not a number")
    if request.at is None:
        return JudgedTime(now, minutes * 60, horizon * 60)
    try:
        moment = datetime.fromisoformat(request.at)
    except ValueError as error:
        raise MonitorError(f"at: {request.at!r} is not an ISO 8601 time such as 2026-11-25T12:00:00+00:00") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment.timestamp() > now:
        raise MonitorError(f"at: {request.at} is still to come; a window is judged once its horizon is over")
    return JudgedTime(moment.timestamp(), minutes * 60, horizon * 60)
