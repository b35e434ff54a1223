"""The tables of the event store. Times are seconds since 1970 (UTC), as floats."""

from components.adapters.store.tables.access import api_keys, audit_log, bundle_seals
from components.adapters.store.tables.catalogue import items_off
from components.adapters.store.tables.conversations import conversations
from components.adapters.store.tables.experiments import experiments, exposures
from components.adapters.store.tables.metadata import metadata
from components.adapters.store.tables.observation import (
    alert_deliveries,
    alert_silences,
    alerts,
    evaluations,
    hourly_rollups,
    shadow_results,
)
from components.adapters.store.tables.rollout import release_states, releases, rollouts, routing, slots
from components.adapters.store.tables.shown import SHOWN, shown_items
from components.adapters.store.tables.traffic import (
    feedback,
    forgotten_users,
    impressions,
    llm_budget,
    llm_calls,
    requests,
)

__all__ = [
    "SHOWN",
    "alert_deliveries",
    "alert_silences",
    "alerts",
    "api_keys",
    "audit_log",
    "bundle_seals",
    "conversations",
    "evaluations",
    "experiments",
    "exposures",
    "feedback",
    "forgotten_users",
    "hourly_rollups",
    "impressions",
    "items_off",
    "llm_budget",
    "llm_calls",
    "metadata",
    "release_states",
    "releases",
    "requests",
    "rollouts",
    "routing",
    "shadow_results",
    "shown_items",
    "slots",
]
