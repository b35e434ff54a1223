"""One monitor run, without Prefect: wires what a look needs, looks, and empties the outbox.

Not named `monitoring`: Prefect puts this folder on the path, where it would hide the package of that name.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bentos.served_release import BUNDLE
from components.adapters.alerting.monitor_state import MonitorState, read_state, write_state
from components.adapters.dvc.data_registry import DataRegistry, DataRegistryError
from components.adapters.envoy.counters import read_counters
from components.adapters.files.params_file import read_params
from components.adapters.prefect_api import PrefectApi, PrefectApiError
from components.adapters.store.alerts.incidents import AlertStore
from components.adapters.store.engine import open_engine
from components.adapters.store.traffic.monitor_facts import MonitorFacts
from components.adapters.store.traffic.rollups import Rollups
from components.adapters.store.traffic.traffic_log import TrafficLog
from components.config.settings import Settings
from components.interactions.data_version import INTERACTIONS_FILE, ITEMS_FILE
from components.params.params import Params
from components.quality.relevance import Horizon
from components.reranking.calls import FAILURES
from components.serving.bundle import Bundle, BundleError, read_bundle
from jobs.monitoring.alert_channels import channels
from jobs.stack import bento_folder, existing_store_url, release_store
from monitoring.alerting.deliver import Delivered, deliver
from monitoring.catalogue import WatchedCatalogue, catalogue_of
from monitoring.collect import Collector, last_closed
from monitoring.drift.report import write_report
from monitoring.drift.skew import Skew, compare_features
from monitoring.quality_metrics import write_quality_metrics
from monitoring.rules.table import read_rules
from monitoring.watch import Looked, Surroundings, Watcher

DAY = 86_400.0
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


def run_monitor(settings: Settings, request: MonitorRequest, log: Callable[[str], None]) -> Ran:
    """Judge the newest closed window, bring incidents up to date, send what is due.

    Raises:
        MonitorError: a parameter is wrong.
        jobs.errors.NothingThereError: there is no event store yet.
        monitoring.rules.table.RulesError, components.adapters.alerting.apprise_channel.ChannelError: as named.
    """
    began = time.monotonic()
    params = read_params(settings.project / "params.yaml")
    now = time.time()
    at, seconds, horizon = _when(request, params, now)
    engine = open_engine(existing_store_url(settings))
    try:
        live = release_store(settings).routing()
        bundle = _live_bundle(settings, live.live_release)
        catalogue = catalogue_of(bundle) if bundle else WatchedCatalogue()
        sinks = channels(settings)
        folder = settings.root / "monitoring"
        state = read_state(folder / "state.json")
        skew = _skew(settings, bundle, catalogue, log)
        facts = MonitorFacts(engine)
        figures, state = _facts(settings, params, facts, live.live_release, bundle, state, (at, seconds, horizon), now)
        if skew is not None:
            figures["skew_share"] = skew.share
            for example in skew.examples:
                log(f"training and serving differ: {example}")
        watcher = Watcher(
            collector=Collector(
                TrafficLog(engine, params.routing.cold_start_threshold),
                Rollups(engine),
                catalogue,
                Horizon(horizon, params.prepare.positive_threshold, params.monitor.min_dwell_seconds),
                state.last_shown,
            ),
            facts=facts,
            alerts=AlertStore(engine),
            rules=read_rules(),
            params=params.monitor,
            catalogue=catalogue,
            folder=folder,
            channels=list(sinks),
            write_report=write_report,
        )
        around = Surroundings(
            live.live_release,
            live.standby_release,
            figures,
            f"http://{settings.host}:{settings.evidently_port} ({folder / 'reports'}/{{name}}.json)",
        )
        looked = watcher.look(at, now, seconds, horizon, around, log)
        if looked.windows.last_shown and seconds % HOUR == 0:
            state = replace(state, last_shown=dict(looked.windows.last_shown), summed_until=looked.windows.end)
        write_state(folder / "state.json", state)
        delivered = deliver(watcher.alerts, sinks, params.monitor.delivery, time.time)
        write_quality_metrics(
            folder / "metrics" / "recops.prom",
            looked.seen.current,
            watcher.alerts.open_alerts(),
            {channel: count for channel, count, _ in watcher.alerts.waiting()},
            _flow_runs(settings, now),
            now,
        )
        return Ran(looked, delivered, skew, len(catalogue), time.monotonic() - began)
    finally:
        engine.dispose()


def _flow_runs(settings: Settings, now: float) -> dict[tuple[str, str], int]:
    """Runs of the last 24 hours; none where Prefect does not answer."""
    try:
        since = datetime.fromtimestamp(now - DAY, UTC).isoformat()
        return PrefectApi(settings.prefect_api_url).run_counts(since)
    except PrefectApiError:
        return {}


def _when(request: MonitorRequest, params: Params, now: float) -> tuple[float, float, float]:
    """The time to judge at, and seconds of window and horizon."""
    minutes = params.monitor.window_minutes if request.window_minutes is None else request.window_minutes
    horizon = params.monitor.horizon_minutes if request.horizon_minutes is None else request.horizon_minutes
    if not 0.1 <= minutes <= 7 * 1440:
        raise MonitorError(f"window_minutes: {minutes:g} is not between 0.1 and 10080 (a week)")
    if minutes > 60 and minutes % 60:
        raise MonitorError(f"window_minutes: {minutes:g} is over an hour and no whole number of hours")
    if not math.isfinite(horizon) or horizon < 0:
        raise MonitorError(f"horizon_minutes: {horizon:g} is negative or not a number")
    if request.at is None:
        return now, minutes * 60, horizon * 60
    try:
        moment = datetime.fromisoformat(request.at)
    except ValueError as error:
        raise MonitorError(f"at: {request.at!r} is not an ISO 8601 time such as 2026-11-25T12:00:00+00:00") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.timestamp(), minutes * 60, horizon * 60


def _live_bundle(settings: Settings, release_id: str | None) -> Bundle | None:
    """The bundle that answers; None where nothing is live, or where its files are gone."""
    if release_id is None:
        return None
    folder = bento_folder(settings, release_store(settings).release(release_id).bento_tag)
    found = sorted(folder.rglob(f"{BUNDLE}/bundle.json"))
    try:
        return read_bundle(found[0].parent) if found else None
    except BundleError:
        return None


def _skew(
    settings: Settings, bundle: Bundle | None, catalogue: WatchedCatalogue, log: Callable[[str], None]
) -> Skew | None:
    """Serving's features against the data version that the bundle names; None where that is not to be had."""
    if bundle is None:
        return None
    import pandas as pd

    try:
        with tempfile.TemporaryDirectory(prefix="recops-monitor-") as scratch:
            folder = Path(scratch)
            DataRegistry(settings).get(bundle.manifest.data_version, folder)
            interactions, items = (pd.read_parquet(folder / name) for name in (INTERACTIONS_FILE, ITEMS_FILE))
    except (DataRegistryError, OSError) as error:
        log(f"training data of {bundle.manifest.data_version} cannot be read, so skew is not judged: {error}")
        return None
    return compare_features(interactions, items, catalogue)


def _facts(
    settings: Settings,
    params: Params,
    facts: MonitorFacts,
    live_release: str | None,
    bundle: Bundle | None,
    state: MonitorState,
    window: tuple[float, float, float],
    now: float,
) -> tuple[dict[str, float], MonitorState]:
    """Figures from beside the request log: age of model and data, use of the language model, errors at the gateway."""
    at, seconds, horizon = window
    until = last_closed(at, seconds, horizon)
    found: dict[str, float] = {}
    created = facts.created_at(live_release) if live_release else None
    if created is not None:
        found["model_age_days"] = (now - created) / DAY
    if bundle is not None:
        with suppress(DataRegistryError, OSError):
            made = DataRegistry(settings).find(bundle.manifest.data_version).created
            found["data_age_days"] = (now - made.timestamp()) / DAY
    calls = facts.llm_use(until - seconds, until, FAILURES)
    if calls.calls:
        found["llm_failure_share"] = calls.failed / calls.calls
    midnight = now // DAY * DAY
    spent = facts.llm_use(midnight, now, FAILURES).cost_usd
    if spent and params.llm.daily_budget_usd:  # without money nothing has a pace
        # In the first hour of a day the pace would be that of its first minutes.
        found["llm_budget_pace"] = spent / params.llm.daily_budget_usd / max((now - midnight) / DAY, 1 / 24)
    counters = read_counters(f"http://{settings.host}:{settings.envoy_admin_port}")
    if counters is not None:
        found["error_share"] = counters.since(state.answered, state.failed)
        state = replace(state, answered=counters.answered, failed=counters.failed)
    found["cache_in_use"] = float(params.routing.cache.max_megabytes > 0)
    return found, state
