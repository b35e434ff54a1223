"""What a monitor run wants to know from beside the request log: what answers, from what data, at what age and cost."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from components.adapters.alerting.monitor_state import MonitorState
from components.adapters.dvc.data_registry import DataRegistry, DataRegistryError
from components.adapters.envoy.counters import read_counters
from components.adapters.prefect_api import PrefectApi, PrefectApiError
from components.interactions.data_version import INTERACTIONS_FILE, ITEMS_FILE
from components.reranking.calls import FAILURES
from components.serving.bundle import Bundle, BundleError
from jobs.live_release import release_files
from jobs.wiring.workbench import Workbench
from monitoring.catalogue import WatchedCatalogue
from monitoring.collect import last_closed
from monitoring.drift.skew import Skew, compare_features

DAY = 86_400.0


@dataclass(frozen=True)
class JudgedTime:
    """The time to judge at (seconds since 1970), and seconds of window and horizon."""

    at: float
    seconds: float
    horizon: float


def live_bundle(bench: Workbench, release_id: str | None) -> Bundle | None:
    """The bundle that answers; None where nothing is live, or where its files are gone."""
    try:
        files = release_files(bench, release_id) if release_id else None
        return files.read_bundle() if files else None
    except (BundleError, OSError, ValueError):
        return None


def find_skew(
    registry: DataRegistry, bundle: Bundle | None, catalogue: WatchedCatalogue, log: Callable[[str], None]
) -> Skew | None:
    """Serving's features against the data version that the bundle names; None where that is not to be had."""
    if bundle is None:
        return None
    import pandas as pd

    try:
        with tempfile.TemporaryDirectory(prefix="recops-monitor-") as scratch:
            folder = Path(scratch)
            registry.get(bundle.manifest.data_version, folder)
            interactions, items = (pd.read_parquet(folder / name) for name in (INTERACTIONS_FILE, ITEMS_FILE))
    except (DataRegistryError, OSError) as error:
        log(f"training data of {bundle.manifest.data_version} cannot be read, so skew is not judged: {error}")
        return None
    return compare_features(interactions, items, catalogue)


def count_flow_runs(prefect: PrefectApi, now: float) -> dict[tuple[str, str], int]:
    """Runs of the last 24 hours; none where Prefect does not answer."""
    try:
        return prefect.run_counts(datetime.fromtimestamp(now - DAY, UTC).isoformat())
    except PrefectApiError:
        return {}


def gather_figures(
    bench: Workbench,
    live_release: str | None,
    bundle: Bundle | None,
    state: MonitorState,
    when: JudgedTime,
    now: float,
) -> tuple[dict[str, float], MonitorState]:
    """Age of model and data, use of the language model, errors at the gateway; and the state with its new counters."""
    facts, params, at = bench.store.facts, bench.params, bench.settings
    until = last_closed(when.at, when.seconds, when.horizon)
    found: dict[str, float] = {}
    created = facts.created_at(live_release) if live_release else None
    if created is not None:
        found["model_age_days"] = (now - created) / DAY
    if bundle is not None:
        with suppress(DataRegistryError, OSError):
            made = bench.data.find(bundle.manifest.data_version).created
            found["data_age_days"] = (now - made.timestamp()) / DAY
    calls = facts.llm_use(until - when.seconds, until, FAILURES)
    if calls.calls:
        found["llm_failure_share"] = calls.failed / calls.calls
    midnight = now // DAY * DAY
    spent = facts.llm_use(midnight, now, FAILURES).cost_usd
    if spent and params.llm.daily_budget_usd:  # without money nothing has a pace
        # In the first hour of a day the pace would be that of its first minutes.
        found["llm_budget_pace"] = spent / params.llm.daily_budget_usd / max((now - midnight) / DAY, 1 / 24)
    counters = read_counters(f"http://{at.host}:{at.envoy_admin_port}")
    if counters is not None:
        found["error_share"] = counters.since(state.answered, state.failed)
        state = replace(state, answered=counters.answered, failed=counters.failed)
    found["cache_in_use"] = float(params.routing.cache.max_megabytes > 0)
    return found, state
