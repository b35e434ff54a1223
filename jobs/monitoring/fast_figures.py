"""What the fast rules want to know from beside the request log: errors at the gateway, slots, calls, costs and ages."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from components.adapters.alerting.counter_samples import CounterSample, add_sample
from components.adapters.dvc.data_registry import DataRegistryError
from components.adapters.envoy.counters import read_counters
from components.adapters.slots.addresses import every_address
from components.adapters.slots.client import runs_release
from components.reranking.calls import FAILURES
from components.rollout.routing import RoutingState, Slot
from components.serving.bundle import BundleError
from jobs.live_release import release_files
from jobs.wiring.workbench import Workbench
from monitoring.gateway_window import gateway_window

DAY = 86_400.0


@dataclass(frozen=True)
class FastFigures:
    """Figures by name, each of the window that it is asked for; what lasts, such as an age, is that of `now`."""

    bench: Workbench
    state: RoutingState
    now: float

    def of(self, start: float, end: float) -> dict[str, float]:
        """Of the window from `start` until before `end`; what is not known is left out."""
        return {**self._gateway(start), **self._language_model(start, end), **self._ages(), **self._slots()}

    def _gateway(self, start: float) -> dict[str, float]:
        at = self.bench.settings
        file = at.root / "monitoring" / "gateway.json"
        counters = read_counters(f"http://{at.host}:{at.envoy_admin_port}")
        if counters is None:
            return {}
        samples = add_sample(file, CounterSample(self.now, counters.answered, counters.failed))
        window = gateway_window(samples, start)
        if window is None:
            return {}
        return {"gateway_requests": window.requests, "error_share": window.error_share}

    def _language_model(self, start: float, end: float) -> dict[str, float]:
        facts, params = self.bench.store.facts, self.bench.params
        calls = facts.llm_use(start, end, FAILURES)
        found = {"llm_calls": float(calls.calls)}
        if calls.calls:
            found["llm_failure_share"] = calls.failed / calls.calls
        midnight = self.now // DAY * DAY
        spent = facts.llm_use(midnight, self.now, FAILURES).cost_usd
        if spent and params.llm.daily_budget_usd:  # without money nothing has a pace
            # In the first hour of a day the pace would be that of its first minutes.
            passed = max((self.now - midnight) / DAY, 1 / 24)
            found["llm_budget_pace"] = spent / params.llm.daily_budget_usd / passed
        return {**found, "cache_in_use": float(params.routing.cache.max_megabytes > 0)}

    def _ages(self) -> dict[str, float]:
        release = self.state.live_release
        created = self.bench.store.facts.created_at(release) if release else None
        if release is None or created is None:
            return {}
        found = {"model_age_days": (self.now - created) / DAY}
        with suppress(BundleError, DataRegistryError, OSError, ValueError):
            files = release_files(self.bench, release)
            if files is not None:
                made = self.bench.data.find(files.read_manifest().data_version).created
                found["data_age_days"] = (self.now - made.timestamp()) / DAY
        return found

    def _slots(self) -> dict[str, float]:
        live, standby = self.state.live_release, self.state.standby_release
        found = {}
        if self.state.live_slot is not None and live is not None:
            found["live_slot_down"] = self._silent(self.state.live_slot, live)
        if standby is not None:
            found["standby_slot_down"] = self._silent(self.state.idle_slot, standby)
        return found

    def _silent(self, slot: Slot, release: str) -> float:
        """How many replicas of the slot do not answer with this release."""
        urls = [each for url in self.bench.settings.slot_urls(slot) for each in every_address(url)]
        return float(sum(not runs_release(url, release) for url in urls))
