"""Lists experiments: declaration, plan, state, users by variant, and which of them the live release serves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from components.adapters.store.experiments.declared import StoredExperiment
from components.adapters.store.experiments.exposures import count_exposed
from jobs.wiring.workbench import Workbench


def list_experiments(bench: Workbench) -> list[dict[str, Any]]:
    """Every experiment, as plain values.

    Raises:
        NothingThereError: there is no event store yet.
    """
    serving = _served(bench)
    return [{**_row(bench, one), "served": one.name == serving} for one in bench.store.experiments.all()]


def show_experiment(bench: Workbench, name: str) -> dict[str, Any] | None:
    """One experiment with its declaration, None where there is none of this name."""
    found = bench.store.experiments.find(name)
    if found is None:
        return None
    declared = found.declaration.model_dump(mode="json")
    return {**_row(bench, found), "served": name == _served(bench), "declaration": declared}


def _served(bench: Workbench) -> str | None:
    """The experiment of the live release."""
    releases = bench.store.releases
    live = releases.routing().live_release
    experiment = None if live is None else releases.release(live).experiment
    return None if experiment is None else experiment.experiment_id


def _row(bench: Workbench, one: StoredExperiment) -> dict[str, Any]:
    declaration = one.declaration
    return {
        "name": one.name,
        "state": one.state,
        "design": declaration.design,
        "allocation": declaration.allocation,
        "shares_now": list(one.allocated[-1].shares if one.allocated else declaration.split.shares),
        "variants": {variant.name: variant.share for variant in declaration.variants},
        "primary": declaration.primary,
        "test": declaration.test,
        "planned_users": one.planned.users_per_variant,
        "planned_days": one.planned.days,
        "users": count_exposed(bench.store.engine, one.name),
        "declared_by": one.by,
        "created_at": _time(one.created_at),
        "started_at": _time(one.started_at),
        "ended_at": _time(one.ended_at),
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
