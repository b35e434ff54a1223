"""Experiments with their readings over time, and prompts in shadow with the most different rankings side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.experiments.listing import list_experiments
from jobs.wiring.workbench import Workbench

READINGS, EVALUATIONS = 60, 20


@dataclass(frozen=True)
class Bounds:
    """The declared metric at a reading (`at` since 1970): how a variant differs from the control, as a share of it."""

    at: float
    variant: str
    low: float
    value: float
    high: float


@dataclass(frozen=True)
class ExperimentStory:
    """An experiment: its row as `recops experiments list` has it, the newest reading, and intervals over time."""

    row: Mapping[str, Any]
    reading: Mapping[str, Any] | None
    intervals: tuple[Bounds, ...]


@dataclass(frozen=True)
class Shadow:
    """An evaluation of a prompt; `different` are the most different rankings, empty where it left none."""

    evaluation_id: str
    champion: int
    challenger: int
    mode: str
    state: str
    decision: str | None
    reasons: tuple[str, ...]
    created_at: float
    answers: int
    cost_usd: float
    sample_size: int
    different: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class TrialsPage:
    """Both, the newest first."""

    trials: tuple[ExperimentStory, ...]
    shadows: tuple[Shadow, ...]


def read_trials(bench: Workbench) -> TrialsPage:
    """All experiments, and the newest evaluations."""
    trials = [_trial(bench, row) for row in reversed(list_experiments(bench))]
    store, folder = bench.store.evaluations, bench.settings.root / "evaluations"
    shadows = []
    for one in store.newest(EVALUATIONS):
        answers, cost = store.spent(one.evaluation_id)
        spec = one.spec
        shadows.append(
            Shadow(
                one.evaluation_id,
                spec.champion,
                spec.challenger,
                spec.mode,
                one.state,
                one.decision,
                _reasons(one.reasons),
                one.created_at,
                answers,
                cost,
                spec.sample_size,
                tuple(_json(folder / f"{one.evaluation_id}.json") or ()),
            )
        )
    return TrialsPage(tuple(trials), tuple(shadows))


def _trial(bench: Workbench, row: Mapping[str, Any]) -> ExperimentStory:
    folder = bench.settings.root / "readings" / str(row["name"])
    files = sorted(folder.glob("*.json"))[-READINGS:]
    readings = [reading for path in files if (reading := _json(path)) is not None]
    intervals = tuple(
        Bounds(reading["read_at"], line["variant"], line["low"], line["value"], line["high"])
        for reading in readings
        for line in reading["lines"]
        if line["role"] == "primary" and None not in (line["low"], line["value"], line["high"])
    )
    return ExperimentStory(row, readings[-1] if readings else None, intervals)


def _json(path: Path) -> Any:
    """What the file holds; None where it is missing or no JSON."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _reasons(stored: Any) -> tuple[str, ...]:
    if isinstance(stored, str):
        return (stored,)
    return tuple(str(each) for each in stored) if isinstance(stored, Sequence) else ()
