"""One look at the running system: sums, facts, report, verdicts and incidents, in this order; nothing is sent here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.adapters.store.alerts.incidents import Alert, AlertStore
from components.adapters.store.alerts.silences import SilenceStore
from components.adapters.store.traffic.monitor_facts import MonitorFacts
from components.config.monitor import MonitorConfig
from components.quality.log import Group
from components.quality.sums import Sums, add_up
from monitoring.alerting.blame import ReleaseChange, came_with, explain
from monitoring.alerting.message import MessageContext
from monitoring.alerting.tell import IncidentChange, Teller
from monitoring.catalogue import WatchedCatalogue
from monitoring.collect import Collector, Windows, last_closed
from monitoring.drift.columns import drift_columns, missing_share, unknown_share
from monitoring.drift.report import Reported
from monitoring.observe import history_of, limits_of, live, observe, windows_needed
from monitoring.rules.judge import Firing, Observation, Verdict, judge_all
from monitoring.rules.quality_drop import reference_places
from monitoring.rules.table import Rule

DAY = 86_400.0
QUALITY_RULE = "ndcg_drop"
REFERENCE_SAMPLES = 4
"""Reference windows that samples are drawn from, the newest ones."""


@dataclass(frozen=True)
class Looked:
    """What one look found.

    Attributes:
        told: incidents that opened, changed or ended.
        facts: of the newest window, besides its sums.
        failures: parts that could not be done, in words; the rest was.
    """

    windows: Windows
    seen: Observation
    verdicts: tuple[Verdict, ...]
    told: tuple[IncidentChange, ...]
    report: Reported
    failures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Surroundings:
    """What is known from outside the event store's log.

    Attributes:
        live_release: None when nothing is live.
        standby_release: what `recops rollback` goes back to.
        facts: figures that the caller measured, such as `error_share`; they are judged like all others.
        report_url: where the report is looked at; `{name}` is its name.
        runbooks: where runbooks are read.
    """

    live_release: str | None
    standby_release: str | None
    facts: Mapping[str, float] = field(default_factory=dict)
    report_url: str = "{name}"
    runbooks: str = "docs/runbooks"


@dataclass(frozen=True)
class Watcher:
    """The parts that a look needs; `write_report` is that of monitoring/drift/report.py."""

    collector: Collector
    facts: MonitorFacts
    alerts: AlertStore
    silences: SilenceStore
    rules: Sequence[Rule]
    params: MonitorConfig
    catalogue: WatchedCatalogue
    folder: Path
    channels: Sequence[str]
    write_report: Callable[..., Reported]

    def look(
        self,
        at: float,
        now: float,
        seconds: float,
        horizon: float,
        around: Surroundings,
        log: Callable[[str], None],
        tell: bool = True,
    ) -> Looked:
        """Judge the newest window of `seconds` that is closed for `horizon` seconds at the time `at`.

        Without `tell` it is only judged and reported, and no incident opens, changes or ends.
        """
        judging = self.params.judging
        until = last_closed(at, seconds, horizon)
        windows = self.collector.windows(until, seconds, windows_needed(seconds, judging))
        log(f"{windows.read} requests read, {windows.probes} of them probes, {len(windows.starts)} windows")
        history = history_of(windows, ZoneInfo(self.params.timezone), self._disturbed(until))
        start = windows.starts[-1]
        places = reference_places(history, len(history.windows) - 1, len(history.windows) - 1, limits_of(judging))
        reference = [windows.starts[place] for place in places]
        failures: list[str] = []
        name = f"{start:.0f}-{seconds:.0f}"
        facts = {**self._facts(start, until, horizon), **around.facts}
        seen = observe(windows, history, judging, len(self.catalogue), facts)
        report = self._report(windows, reference, name, until, seen, failures)
        drift = {f"drift_{column}": value for column, value in report.drift.items()}
        seen = replace(seen, current={**seen.current, **drift, "missing_share": report.missing})
        requests = seen.current["requests"]
        if requests:
            seen = replace(
                seen, current={**seen.current, "feedback_per_request": seen.current["feedback_events"] / requests}
            )
        verdicts = judge_all(self.rules, seen, limits_of(judging))

        def context(firing: Firing) -> MessageContext:
            return self._context(firing, windows, reference, around, name)

        silences = self.silences.active(now)
        teller = Teller(
            self.alerts, self.channels, self.params.answering, self.params.recovery_windows, context, silences
        )
        told: list[IncidentChange] = []
        if tell:
            told = [*teller.tell(verdicts, start, now), *teller.watch_channels(self.params.delivery, now)]
        return Looked(windows, seen, tuple(verdicts), tuple(told), report, tuple(failures))

    def _facts(self, start: float, end: float, horizon: float) -> dict[str, float]:
        items = self.facts.feedback_items(start, end + horizon, self.params.sample_requests)
        return {
            "feedback_events": float(self.facts.feedback_events(start, end + horizon)),
            "unknown_item_share": unknown_share(items, self.catalogue),
            "retention": self.facts.returning(end - 14 * DAY, end - 7 * DAY, end),
        }

    def _report(
        self,
        windows: Windows,
        reference: Sequence[float],
        name: str,
        until: float,
        seen: Observation,
        failures: list[str],
    ) -> Reported:
        """The drift report; that it fails must not keep quality from being judged."""
        limit, seconds = self.params.sample_requests, windows.seconds
        try:
            sample = self.facts.sample(windows.starts[-1], until, limit)
            nearest = list(reference)[-REFERENCE_SAMPLES:]
            share = limit // max(len(nearest), 1)
            before = [
                drift_columns(self.facts.sample(start, start + seconds, share), self.catalogue) for start in nearest
            ]
            missing = missing_share(sample, self.catalogue)
            ndcg = windows.ndcg if len(windows.ndcg) else self.collector.values(windows.starts[-1], until)
            earlier = [self.collector.values(start, start + seconds) for start in nearest]
            shown = {key: seen.current.get(key, math.nan) for key in SHOWN}
            report = self.write_report(
                self.folder,
                name,
                until,
                ndcg,
                _joined(earlier),
                drift_columns(sample, self.catalogue),
                pd.concat(before) if before else drift_columns([], self.catalogue),
                shown,
                self.params.judging.max_drop,
            )
        except Exception as error:
            failures.append(f"the drift report failed: {type(error).__name__}: {error}")
            return Reported(math.nan, {}, (), None)
        return replace(report, missing=missing)

    def _context(
        self, firing: Firing, windows: Windows, reference: Sequence[float], around: Surroundings, name: str
    ) -> MessageContext:
        fallen = windows.groups[-firing.windows :]
        lived = [live(groups) for groups in fallen]
        current = _merged(lived)
        place_of = {start: place for place, start in enumerate(windows.starts)}
        earlier = [start for start in reference if start < firing.since]
        then = _merged([live(windows.groups[place_of[start]]) for start in earlier])
        changes = [
            ReleaseChange(each.release_id, each.before or "", each.at)
            for each in self.facts.went_live()
            if each.before is not None
        ]
        change = came_with(firing.since, windows.seconds, lived, then, changes) if firing.drop is not None else None
        return MessageContext(
            release=around.live_release,
            former_release=around.standby_release,
            segment=explain(current, then) if firing.drop is not None else None,
            change=change,
            report=around.report_url.format(name=name),
            runbooks=around.runbooks,
        )

    def _disturbed(self, until: float) -> list[tuple[float, float]]:
        """When quality was in an incident: no reference for what comes after."""
        weeks = (self.params.judging.reference_weeks + 2) * 7 * DAY
        return [
            (float(alert.details["since"]), _end_of(alert))
            for alert in self.alerts.since(until - weeks)
            if alert.rule == QUALITY_RULE
        ]


SHOWN = (
    "requests",
    "ndcg_engaged",
    "hit_rate",
    "ctr",
    "conversion",
    "diversity",
    "coverage",
    "novelty",
    "latency_p50",
    "latency_p95",
    "latency_p99",
)


def _end_of(alert: Alert) -> float:
    """An incident that is over ended with the window that was found calm, in the time of the windows."""
    if alert.resolved_at is None:
        return math.inf
    return float(alert.details["calm_from"])


def _joined(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros(0), *parts])


def _merged(windows: Sequence[Mapping[Group, Sums]]) -> dict[Group, Sums]:
    groups = {group for window in windows for group in window}
    return {group: add_up(window[group] for window in windows if group in window) for group in groups}
