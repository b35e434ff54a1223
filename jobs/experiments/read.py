"""One reading of an experiment: from the event store to a decision, a page and an MLflow run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from components.adapters.mlflow.reading import Bar, ReadingRecord, log_reading
from components.adapters.store.experiments.declared import ExperimentError, SqlExperiments, StoredExperiment
from components.adapters.store.experiments.interleaved_log import read_interleaved_log
from components.adapters.store.experiments.log import read_experiment_log
from components.experiments.adaptive_reading import read_adaptive
from components.experiments.allocation import AllocatedShares
from components.experiments.interleaved_reading import read_interleaved_experiment
from components.experiments.read_log import read_log
from jobs.experiments.file import params_of_variant
from jobs.wiring.workbench import Workbench
from monitoring.reading_facts import facts_of, facts_of_drafted
from monitoring.reading_page import page_of
from monitoring.reading_view import Decision, Period, ReadingView, view_of

DAY = 86_400.0


@dataclass(frozen=True)
class Reading:
    """What was read, and the page that shows it; `shares` of the users to come, where the experiment adapts."""

    view: ReadingView
    page: str
    shares: tuple[float, ...] | None = None


@dataclass(frozen=True)
class PublishedReading:
    """A reading, and where it lies: the page on this machine, and the run in MLflow."""

    view: ReadingView
    page: Path
    run_url: str


def publish_reading(bench: Workbench, name: str | None, now: float) -> PublishedReading:
    """Reads the experiment, keeps the page under `readings` of the state folder, and logs it to MLflow.

    The users to come of a running adaptive experiment are given other shares by it.

    Raises:
        ExperimentError: there is no such experiment, or it was never started.
        NothingThereError: there is no event store yet.
    """
    experiment = find_experiment(bench.store.experiments, name)
    reading = read_stored(bench, experiment, now)
    page = write_page(bench.settings.root / "readings", reading)
    share_out(bench.store.experiments, experiment, reading)
    mlflow_url = bench.settings.mlflow_url
    run_id = log_to_mlflow(mlflow_url, experiment, reading)
    return PublishedReading(reading.view, page, f"{mlflow_url}/#/runs/{run_id}")


def share_out(experiments: SqlExperiments, experiment: StoredExperiment, reading: Reading) -> None:
    """Gives the users to come of a running adaptive experiment the shares that the reading found."""
    if reading.shares is not None and experiment.state == "running":
        experiments.allocate(experiment.name, reading.shares)


def tell(view: ReadingView) -> str:
    """The decision in one line."""
    line = f"{view.name}: {view.verdict}{f' {view.winner}' if view.winner else ''}: {view.reason}"
    if view.users_needed is not None:
        line += f"; still needed: {view.users_needed} {view.counted}, {view.days_needed} days"
    return line


def is_running(experiments: SqlExperiments) -> bool:
    """Whether an experiment runs."""
    return any(one.state == "running" for one in experiments.all())


def find_experiment(experiments: SqlExperiments, name: str | None) -> StoredExperiment:
    """The experiment of this name; without one, that which runs, or else the latest that was started.

    Raises:
        ExperimentError: there is none.
    """
    stored = experiments.all()
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


def read_stored(bench: Workbench, experiment: StoredExperiment, now: float) -> Reading:
    """The decision on what the store holds up to `now`, or up to the experiment's end."""
    declaration, started_at = experiment.declaration, experiment.started_at or now
    until = now if experiment.ended_at is None else min(now, experiment.ended_at)
    control = declaration.variants[0]
    threshold = params_of_variant(bench.params, control.policy, control.name).routing.cold_start_threshold
    days = int((until - started_at) / DAY)
    planned = (experiment.planned.users_per_variant, experiment.planned.days)
    period = Period(started_at, until, days)
    if declaration.design == "interleaved":
        first, second = declaration.split.variants
        drafted = read_interleaved_log(bench.store.engine, experiment.name, (first, second), until)
        found = read_interleaved_experiment(declaration, *planned, drafted, days, threshold)
        view = view_of(declaration, planned, found, facts_of_drafted(drafted), period)
        return Reading(view, page_of(view))
    log = read_experiment_log(bench.store.engine, experiment.name, declaration.split.variants, until)
    shares = None
    decision: Decision
    if declaration.allocation == "top-two":
        over_time = (AllocatedShares(started_at, declaration.split.shares), *experiment.allocated)
        rng = np.random.default_rng([len(over_time), *experiment.name.encode()])
        adapted = read_adaptive(declaration, planned[0], over_time, log, until, rng)
        decision, shares = adapted.decision, adapted.shares
    else:
        decision = read_log(declaration, *planned, log, days, threshold)
    view = view_of(declaration, planned, decision, facts_of(log), period, shares)
    return Reading(view, page_of(view), shares)


def write_page(readings: Path, reading: Reading) -> Path:
    """Keeps the page in a folder of the experiment, by time, and as latest.html, and its figures beside it; returns the
    former's path."""
    folder = readings / reading.view.name
    folder.mkdir(parents=True, exist_ok=True)
    at = datetime.fromtimestamp(reading.view.read_at, UTC).strftime("%Y-%m-%dT%H%M%S")
    path = folder / f"{at}.html"
    path.write_text(reading.page)
    (folder / "latest.html").write_text(reading.page)
    path.with_suffix(".json").write_text(json.dumps(asdict(reading.view)))
    return path


def log_to_mlflow(mlflow_url: str, experiment: StoredExperiment, reading: Reading) -> str:
    """The reading as an MLflow run; returns the run's id."""
    view, declaration = reading.view, experiment.declaration
    record = ReadingRecord(
        run_name=f"{view.name} at {datetime.fromtimestamp(view.read_at, UTC):%Y-%m-%d %H:%M}",
        params={
            "design": view.design,
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
    return log_reading(mlflow_url, record)


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
