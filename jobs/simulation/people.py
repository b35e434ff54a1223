"""Who asks in a simulation: the people of the demo's future, or of a file, changed by a drift."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from components.adapters.sources.files import FileSource
from components.adapters.sources.movielens import MovieLensSource
from components.interactions.columns import TAG_SEPARATOR, TAGS
from components.simulation.drift import PEOPLE_DRIFTS, drifted
from components.simulation.people import SimulatedPerson, people_from_future


def make_people(future: Path | None, drift: str | None, threshold: float, seed: int) -> tuple[SimulatedPerson, ...]:
    """The people of the demo's future, or of a file with interactions, changed by the drift.

    Raises:
        SourceError: the file cannot be read.
        NobodyToAsk: it holds nobody.
    """
    interactions, labels = _read_future(future)
    people = people_from_future(interactions, threshold, seed)
    for kind in PEOPLE_DRIFTS:
        if kind == drift:
            return drifted(people, kind, seed, labels)
    return people


def _read_future(future: Path | None) -> tuple[pd.DataFrame, list[str]]:
    """Interactions to come, and the labels of items where there are some."""
    if future is None:
        source = MovieLensSource()
        return source.future(), _labels(source.read().items)
    tables = FileSource(future.expanduser(), {}).read()
    return tables.interactions, _labels(tables.items)


def _labels(items: pd.DataFrame | None) -> list[str]:
    if items is None or TAGS not in items:
        return []
    return sorted({tag for row in items[TAGS].dropna() for tag in row.split(TAG_SEPARATOR) if tag})
