"""Opens the event store for jobs, and builds the stores in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from components.adapters.store.engine import BUSY_TIMEOUT_SECONDS, open_engine
from components.adapters.store.engine import migrate as migrate_store
from components.config.settings import Settings
from components.params.params import Params
from jobs.errors import NothingThereError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from components.adapters.store.access.audit_log import SqlAuditLog
    from components.adapters.store.access.keys import SqlKeys
    from components.adapters.store.access.seals import SqlSeals
    from components.adapters.store.alerts.incidents import AlertStore
    from components.adapters.store.alerts.silences import SilenceStore
    from components.adapters.store.catalogue.items_off import SqlItemsOff
    from components.adapters.store.experiments.declared import SqlExperiments
    from components.adapters.store.llm.budget import LlmBudget
    from components.adapters.store.llm.evaluations import EvaluationStore
    from components.adapters.store.releases.release_store import SqlReleaseStore
    from components.adapters.store.traffic.canary_traffic import SqlTraffic
    from components.adapters.store.traffic.monitor_facts import MonitorFacts
    from components.adapters.store.traffic.rollups import Rollups
    from components.adapters.store.traffic.simulated import SimulatedHistory
    from components.adapters.store.traffic.traffic_log import TrafficLog
    from components.adapters.store.traffic.user_events import UserEventReader


class EventStore:
    """The event store of one process; each part is made when it is first asked for.

    Args:
        params: those that say which users are cold; read only where they are needed.
    """

    def __init__(self, settings: Settings, params: Callable[[], Params]) -> None:
        self._settings = settings
        self._params = params
        self._opened: list[Engine] = []

    def close(self) -> None:
        """Closes all connections; what is asked for afterwards opens new ones."""
        for engine in self._opened:
            engine.dispose()

    def migrate(self) -> None:
        """Makes the store where there is none, and brings its schema up to date."""
        self._settings.root.mkdir(parents=True, exist_ok=True)
        migrate_store(self._settings.store_url)

    def check_exists(self) -> None:
        """Refuses to go on without a store; an address of a database is taken as it is.

        Raises:
            NothingThereError: it is a SQLite file that does not exist yet.
        """
        if self._settings.event_store_url is None and not (self._settings.root / "events.db").exists():
            root = self._settings.root
            raise NothingThereError(f"there is no event store in {root}; start the stack with `make up`")

    @property
    def url(self) -> str:
        """Its address, which may hold a password."""
        return self._settings.store_url

    @cached_property
    def engine(self) -> Engine:
        """Connections to a store that exists.

        Raises:
            NothingThereError: it is a SQLite file that does not exist yet.
        """
        self.check_exists()
        return self.unchecked_engine

    @cached_property
    def unchecked_engine(self) -> Engine:
        """Connections to the store as it is; a SQLite file is made where there is none, without tables."""
        return self._open()

    @cached_property
    def releases(self) -> SqlReleaseStore:
        """Releases, slots, routing and the promotion lease."""
        from components.adapters.store.releases.release_store import SqlReleaseStore

        return SqlReleaseStore(self.engine)

    @cached_property
    def canary_traffic(self) -> SqlTraffic:
        """What a canary is judged by."""
        from components.adapters.store.traffic.canary_traffic import SqlTraffic

        return SqlTraffic(self.engine)

    @cached_property
    def alerts(self) -> AlertStore:
        """Incidents and their outbox."""
        from components.adapters.store.alerts.incidents import AlertStore

        return AlertStore(self.engine)

    @cached_property
    def silences(self) -> SilenceStore:
        """For how long rules are silenced."""
        from components.adapters.store.alerts.silences import SilenceStore

        return SilenceStore(self.engine)

    @cached_property
    def keys(self) -> SqlKeys:
        """The keys with which clients ask."""
        from components.adapters.store.access.keys import SqlKeys

        return SqlKeys(self.engine)

    @cached_property
    def seals(self) -> SqlSeals:
        """What bundles held when they were made."""
        from components.adapters.store.access.seals import SqlSeals

        return SqlSeals(self.engine)

    @cached_property
    def audit(self) -> SqlAuditLog:
        """What operators did."""
        from components.adapters.store.access.audit_log import SqlAuditLog

        return SqlAuditLog(self.engine)

    @cached_property
    def items_off(self) -> SqlItemsOff:
        """Items that are switched off by hand."""
        from components.adapters.store.catalogue.items_off import SqlItemsOff

        return SqlItemsOff(self.engine)

    @cached_property
    def facts(self) -> MonitorFacts:
        """What the monitor wants to know beside the traffic."""
        from components.adapters.store.traffic.monitor_facts import MonitorFacts

        return MonitorFacts(self.engine)

    @cached_property
    def rollups(self) -> Rollups:
        """Hours of traffic, summed up."""
        from components.adapters.store.traffic.rollups import Rollups

        return Rollups(self.engine)

    @cached_property
    def traffic_log(self) -> TrafficLog:
        """Requests and what followed them, users told apart by `routing.cold_start_threshold`."""
        from components.adapters.store.traffic.traffic_log import TrafficLog

        return TrafficLog(self.engine, self._params().routing.cold_start_threshold)

    @cached_property
    def simulated(self) -> SimulatedHistory:
        """History that was simulated."""
        from components.adapters.store.traffic.simulated import SimulatedHistory

        return SimulatedHistory(self.engine)

    @cached_property
    def evaluations(self) -> EvaluationStore:
        """Evaluations of prompts."""
        from components.adapters.store.llm.evaluations import EvaluationStore

        return EvaluationStore(self.engine, time.time)

    @cached_property
    def experiments(self) -> SqlExperiments:
        """Declared experiments."""
        from components.adapters.store.experiments.declared import SqlExperiments

        return SqlExperiments(self.engine)

    def llm_budget(self) -> LlmBudget:
        """The day's money, with a thread of its own; whoever asks for it closes it."""
        from components.adapters.store.llm.budget import LlmBudget

        return LlmBudget(self._open(), time.time)

    def user_events(self, seconds: float) -> UserEventReader:
        """A reader of what users did, with a thread of its own; whoever asks for it closes it."""
        from components.adapters.store.traffic.user_events import UserEventReader

        return UserEventReader(self._open(seconds), seconds)

    def _open(self, busy_seconds: float = BUSY_TIMEOUT_SECONDS) -> Engine:
        engine = open_engine(self.url, busy_seconds)
        self._opened.append(engine)
        return engine
