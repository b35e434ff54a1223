"""Looks at the last minutes: what needs no horizon is judged at once, from figures of one and the same window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from components.adapters.store.alerts.incidents import AlertStore
from components.adapters.store.alerts.silences import SilenceStore
from components.config.monitor import MonitorConfig
from components.quality.figures import figures
from components.quality.sums import Sums, add_up
from monitoring.alerting.message import MessageContext
from monitoring.alerting.tell import IncidentChange, Teller
from monitoring.collect import Collector, last_closed
from monitoring.observe import limits_of, live
from monitoring.rules.judge import Firing, Observation, Verdict, judge_all
from monitoring.rules.table import Rule


@dataclass(frozen=True)
class FastLooked:
    """What one look at the last minutes found; `told` are incidents that opened, changed or ended."""

    seen: Observation
    verdicts: tuple[Verdict, ...]
    told: tuple[IncidentChange, ...]


@dataclass(frozen=True)
class FastWatcher:
    """The parts that a look at the last minutes needs.

    Attributes:
        rules: the fast ones.
        facts: figures of the window from `start` until before `end`, beside those of its requests.
        context: what surrounds a firing rule.
    """

    collector: Collector
    alerts: AlertStore
    silences: SilenceStore
    rules: Sequence[Rule]
    params: MonitorConfig
    channels: Sequence[str]
    facts: Callable[[float, float], Mapping[str, float]]
    context: Callable[[Firing], MessageContext]

    def look(self, at: float, now: float) -> FastLooked:
        """Judge the newest minutes that are over at `at`; more of them where a few hold too few requests."""
        fast = self.params.fast
        seconds = fast.window_minutes * 60.0
        until = last_closed(at, seconds, 0.0)
        for count in fast.lookbacks:
            sums = self._sums(until, seconds, count)
            if sums.requests.sum() >= fast.enough_requests:
                break
        start = until - count * seconds
        current = {**asdict(figures(sums, 0)), **self.facts(start, until)}
        seen = Observation(start, count * seconds, current)
        verdicts = judge_all(self.rules, seen, limits_of(self.params.judging))
        answering, calm = self.params.answering, self.params.recovery_windows
        teller = Teller(self.alerts, self.channels, answering, calm, self.context, self.silences.active(now))
        # An incident counts windows by the newest one, however far the look reached back.
        told = [*teller.tell(verdicts, until - seconds, now), *teller.watch_channels(self.params.delivery, now)]
        return FastLooked(seen, tuple(verdicts), tuple(told))

    def _sums(self, until: float, seconds: float, count: int) -> Sums:
        windows = self.collector.windows(until, seconds, count)
        return add_up(sums for groups in windows.groups for sums in live(groups).values())
