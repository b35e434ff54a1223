"""Looks at small worlds of traffic, as the monitor does, without Evidently."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from components.adapters.files.params_file import read_params
from components.adapters.store.alerts.incidents import AlertStore
from components.adapters.store.alerts.silences import SilenceStore
from components.adapters.store.traffic.monitor_facts import MonitorFacts
from components.adapters.store.traffic.rollups import Rollups
from components.adapters.store.traffic.traffic_log import TrafficLog
from components.config.monitor import MonitorConfig
from components.quality.relevance import Horizon
from monitoring.catalogue import WatchedCatalogue
from monitoring.collect import Collector
from monitoring.drift.report import Reported
from monitoring.rules.table import read_rules, rules_of
from monitoring.watch import Looked, Surroundings, Watcher

PARAMS = read_params(Path(__file__).parents[2] / "params.yaml").monitor
MINUTE, HOUR = 60.0, 3600.0
AROUND = Surroundings("release-1", None)


def no_report(*_: Any) -> Reported:
    """In place of the drift report."""
    return Reported(math.nan, {}, (), None)


def watcher(
    engine: Engine,
    folder: Path,
    horizon: float = 0.0,
    params: MonitorConfig = PARAMS,
    report: Callable[..., Reported] = no_report,
) -> Watcher:
    """A watcher of the outcome rules that tells two channels."""
    return Watcher(
        Collector(TrafficLog(engine, 5), Rollups(engine), WatchedCatalogue(), Horizon(horizon, 4.0, 30.0)),
        MonitorFacts(engine),
        AlertStore(engine),
        SilenceStore(engine),
        rules_of("outcome", read_rules()),
        params,
        WatchedCatalogue(),
        folder,
        ["a", "b"],
        report,
    )


def look(engine: Engine, folder: Path, at: float, around: Surroundings = AROUND, seconds: float = MINUTE) -> Looked:
    """One look, without a horizon."""
    return watcher(engine, folder).look(at, at, seconds, 0.0, around, lambda _line: None)


def quality(looked: Looked) -> list[str]:
    """What was told of the rule for NDCG@10."""
    return [told.what for told in looked.told if told.alert.rule == "ndcg_drop"]
