"""One run of the fast rules: looks at the last minutes, tells of what is wrong, and empties the outbox."""

from __future__ import annotations

import time
from dataclasses import dataclass

from components.quality.relevance import Horizon
from jobs.monitoring.alert_channels import channels
from jobs.monitoring.fast_figures import FastFigures
from jobs.wiring.workbench import Workbench
from monitoring.alerting.deliver import Delivered, deliver
from monitoring.alerting.message import MessageContext
from monitoring.catalogue import WatchedCatalogue
from monitoring.collect import Collector
from monitoring.fast_look import FastLooked, FastWatcher
from monitoring.rules.judge import Firing
from monitoring.rules.table import read_rules, rules_of


@dataclass(frozen=True)
class FastRan:
    """What a run of the fast rules found and sent."""

    looked: FastLooked
    delivered: Delivered
    seconds: float


def run_fast_rules(bench: Workbench) -> FastRan:
    """Judge the last minutes, bring incidents up to date, send what is due.

    Raises:
        jobs.errors.NothingThereError: there is no event store yet.
        monitoring.rules.table.RulesError, components.adapters.alerting.apprise_channel.ChannelError: as named.
    """
    began, now, params = time.monotonic(), time.time(), bench.params
    state = bench.store.releases.routing()
    sinks = channels(bench)

    def context(_firing: Firing) -> MessageContext:
        page = f"the artifact `watch` at {bench.settings.prefect_api_url.removesuffix('/api')}"
        return MessageContext(state.live_release, state.standby_release, None, None, page, "docs/runbooks")

    horizon = Horizon(0.0, params.prepare.positive_threshold, params.monitor.min_dwell_seconds)
    watcher = FastWatcher(
        collector=Collector(bench.store.traffic_log, bench.store.rollups, WatchedCatalogue(), horizon),
        alerts=bench.store.alerts,
        silences=bench.store.silences,
        rules=rules_of("fast", read_rules()),
        params=params.monitor,
        channels=list(sinks),
        facts=FastFigures(bench, state, now).of,
        context=context,
    )
    looked = watcher.look(now, now)
    delivered = deliver(watcher.alerts, sinks, params.monitor.delivery, time.time)
    return FastRan(looked, delivered, time.monotonic() - began)
