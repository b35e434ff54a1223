"""One reading of an experiment, without Prefect: from the event store to a decision, a page and an MLflow run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from components.adapters.mlflow.reading import Bar, ReadingRecord, log_reading
from components.adapters.store.engine import open_engine
from components.adapters.store.experiments.declared import ExperimentError, SqlExperiments, StoredExperiment
from components.adapters.store.experiments.log import read_experiment_log
from components.config.settings import Settings
from components.experiments.read_log import read_log
from components.params.params import Params
from jobs.experiments.file import params_of_variant
from monitoring.reading_page import page_of
from monitoring.reading_view import ReadingView, view_of

DAY = 86_400.0


@dataclass(frozen=True)
class Reading:
    """What was read, and the page that shows it."""

    view: ReadingView
    page: str


def is_running(settings: Settings) -> bool:
    """Whether an experiment runs."""
    return any(one.state == "running" for one in SqlExperiments(open_engine(settings.store_url)).all())


def find_experiment(settings: Settings, name: str | None) -> StoredExperiment:
    """The experiment of this name; without one, that which runs, or else the latest that was started.

    Raises:
        ExperimentError: there is none.
    """
    stored = SqlExperiments(open_engine(settings.store_url)).all()
    if name is not None:
        found = next((one for one in stored if one.name == name), None)
        if found is None:
            known = ", ".join(one.name for one in stored) or "none"
            raise ExperimentError(f"there is no experiment {name!r}; there are: {known}")
    else:
        started = [one for one in stored if one.started_at is not None]
        found = max(started, key=lambda one: (one.state == "running", one.started_at or 0.0), default=None)
        if found is None:
            raise ExperimentError(
                "no experiment was started; `prefect deployment run promote/default --param experiment=FILE`"
            )
    if found.started_at is None:
        raise ExperimentError(f"experiment {found.name} is declared, but no release that serves it became live yet")
    return found


def read_stored(settings: Settings, params: Params, experiment: StoredExperiment, now: float) -> Reading:
    """The decision on what the store holds up to `now`, or up to the experiment's end."""
    declaration, started_at = experiment.declaration, experiment.started_at or now
    until = now if experiment.ended_at is None else min(now, experiment.ended_at)
    log = read_experiment_log(
        open_engine(settings.store_url), experiment.name, [variant.name for variant in declaration.variants], until
    )
    control = declaration.variants[0]
    threshold = params_of_variant(params, control.policy, control.name).routing.cold_start_threshold
    days = int((until - started_at) / DAY)
    planned = experiment.planned
    decision = read_log(declaration, planned.users_per_variant, planned.days, log, days, threshold)
    view = view_of(declaration, (planned.users_per_variant, planned.days), decision, log, started_at, until, days)
    return Reading(view, page_of(view))


def write_page(settings: Settings, reading: Reading) -> Path:
    """Keeps the page in the state folder, by time, and as latest.html; returns the former's path."""
    folder = settings.root / "readings" / reading.view.name
    folder.mkdir(parents=True, exist_ok=True)
    at = datetime.fromtimestamp(reading.view.read_at, UTC).strftime("%Y-%m-%dT%H%M%S")
    path = folder / f"{at}.html"
    path.write_text(reading.page)
    (folder / "latest.html").write_text(reading.page)
    return path


def log_to_mlflow(settings: Settings, experiment: StoredExperiment, reading: Reading) -> str:
    """The reading as an MLflow run; returns the run's id."""
    view, declaration = reading.view, experiment.declaration
    record = ReadingRecord(
        run_name=f"{view.name} at {datetime.fromtimestamp(view.read_at, UTC):%Y-%m-%d %H:%M}",
        params={
            "primary": view.primary,
            "test": view.test,
            "minimum_effect": view.minimum_effect,
            "level": view.level,
            "power": view.power,
            "planned_users": view.planned_users,
            "planned_days": view.planned_days,
            "salt": declaration.assignment_salt,
            **{f"share.{name}": share for name, share in zip(view.variants, view.shares, strict=True)},
        },
        metrics=_metrics(view),
        tags={"experiment": view.name, "verdict": view.verdict, "winner": view.winner or "", "reason": view.reason},
        files={
            "reading.html": reading.page,
            "reading.json": json.dumps(asdict(view), indent=1),
            "declaration.json": json.dumps(declaration.model_dump(mode="json"), indent=1),
        },
        bars=[
            Bar(
                f"{line.title}{f' · {line.segment}' if line.segment else ''} ({line.variant})",
                line.low,
                line.value,
                line.high,
                line.verdict,
            )
            for line in view.lines
            if line.low is not None and line.value is not None and line.high is not None
        ],
        entered_at=view.entered_at,
        entered=dict(zip(view.variants, view.entered, strict=True)),
    )
    return log_reading(settings.mlflow_url, record)


def _metrics(view: ReadingView) -> dict[str, float]:
    found: dict[str, float] = {"days": view.days, "lists": view.lists, "switched_users": view.switched}
    for name, users in zip(view.variants, view.users, strict=True):
        found[f"users.{name}"] = users
    if view.users_needed is not None and view.days_needed is not None:
        found |= {"users_needed": view.users_needed, "days_needed": view.days_needed}
    for line in view.lines:
        if line.segment is None:
            key = f"{line.metric}.{line.variant}"
            found |= {f"{key}.mean": line.treatment, f"{key}.control": line.control, f"{key}.p": line.p_value}
            if line.value is not None:
                found[f"{key}.difference"] = line.value
    return found
