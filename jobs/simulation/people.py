"""Who asks in a simulation: the people of the demo's future, or of a file, changed by a drift."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from components.adapters.sources.files import FileSource
from components.adapters.sources.movielens import MovieLensSource
from components.interactions.columns import TAG_SEPARATOR, TAGS
from components.interactions.refusal import find_refusal
from components.interactions.screening import screen
from components.interactions.source import SourceError
from components.simulation.drift import PEOPLE_DRIFTS, drifted
from components.simulation.people import SimulatedPerson, people_from_future
from jobs.data.ingest import with_options
from jobs.wiring.workbench import Workbench


def make_people(
    bench: Workbench,
    future: Path | None,
    drift: str | None,
    seed: int,
    mapping: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[SimulatedPerson, ...]:
    """The people of the demo's future, or of a file with interactions, changed by the drift.

    A file is read as an ingest reads it, with the options of the newest data version and `options` over them.

    Raises:
        SourceError: the file cannot be read, or an ingest would refuse it.
        NobodyToAsk: it holds nobody.
    """
    interactions, labels = _read_demo() if future is None else _read_file(bench, future, mapping or {}, options or {})
    people = people_from_future(interactions, bench.params.prepare.positive_threshold, seed)
    for kind in PEOPLE_DRIFTS:
        if kind == drift:
            return drifted(people, kind, seed, labels)
    return people


def _read_demo() -> tuple[pd.DataFrame, list[str]]:
    """Interactions to come, and the labels of items."""
    source = MovieLensSource()
    return source.future(), _labels(source.read().items)


def _read_file(
    bench: Workbench, future: Path, mapping: Mapping[str, str], options: Mapping[str, Any]
) -> tuple[pd.DataFrame, list[str]]:
    latest = bench.data.latest()
    config = with_options(bench.params.ingest, {**({} if latest is None else latest.manifest.options), **options})
    tables = FileSource(future.expanduser(), mapping).read()
    screened = screen(tables, config)
    if (refused := find_refusal(screened, tables.origins, config)) is not None:
        raise SourceError(refused.reason)
    return screened.interactions, _labels(screened.items)


def _labels(items: pd.DataFrame | None) -> list[str]:
    if items is None or TAGS not in items:
        return []
    return sorted({tag for row in items[TAGS].dropna() for tag in row.split(TAG_SEPARATOR) if tag})
