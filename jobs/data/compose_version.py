"""Puts a data version together from a base and our own feedback; a step of the ingest, without Prefect."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from components.adapters.dvc.data_registry import DataRegistry, DataVersion
from components.adapters.store.forgetting import read_forgotten
from components.adapters.store.releases.live_data import read_live_data
from components.adapters.store.traffic.event_rows import read_feedback
from components.config.ingest import IngestConfig
from components.interactions.catalogues import LiveCatalogue, belongs
from components.interactions.columns import INTERACTION_COLUMNS
from components.interactions.composing import compose, mark_origin, split_version
from components.interactions.data_version import (
    INTERACTIONS_FILE,
    ITEM_VECTORS_FILE,
    ITEMS_FILE,
    QUARANTINE_FILE,
    USERS_FILE,
    Provenance,
    provenance_of,
)
from components.interactions.event_interactions import EVENTS, event_interactions, settle
from components.interactions.feedback_screening import REASON, ScreenedFeedback, screen_feedback
from components.interactions.schema import check_promises
from components.interactions.screening import TABLE, Screened
from components.interactions.source import SourceError, SourceUnavailableError
from jobs.steps import Log
from jobs.wiring.event_store import EventStore
from jobs.wiring.workbench import Workbench

if TYPE_CHECKING:
    from sqlalchemy import Engine

QUARANTINED_FEEDBACK_FILE = "quarantined-feedback.csv"
MAX_NAMED = 10
BASE = "base"
"""What the column `source` says of an interaction that is no feedback of ours; the manifest names where it is from."""


@dataclass(frozen=True)
class NextVersion:
    """What to register: the tables, and what the manifest says of where they are from."""

    screened: Screened
    provenance: Provenance


def with_kept_events(
    bench: Workbench, config: IngestConfig, base: Screened, provenance: Provenance, log: Log
) -> NextVersion:
    """`base` from another source, with the events of its catalogue, and without who asked to be forgotten.

    Events of another catalogue, such as the demo's, are left out, and that is said.

    Raises:
        DataRegistryError: the latest version cannot be read.
        SourceUnavailableError: the event store, which knows who was forgotten, cannot be read.
    """
    latest, same = bench.data.latest(), find_latest(bench.data, provenance.owner)
    events = mark_origin(base.interactions.iloc[:0], BASE)
    if same is not None and same.manifest.events:
        _, events = split_version(read_version(bench.data, same).interactions, BASE)
    if latest is not None and (other := provenance_of(latest.manifest).owner) != provenance.owner:
        log(
            f"{latest.tag} is of the catalogue {other!r}, this ingest of {provenance.owner!r}: what people did there "
            f"stays there. If both are one catalogue, ingest again with catalogue={other!r}"
        )
    marked = dataclasses.replace(base, interactions=mark_origin(base.interactions, BASE))
    with _reading(bench.store) as engine:
        composed = compose(marked, events, read_forgotten(engine)).screened
    check_promises(composed.interactions, config)
    read_until: float | None = None if same is None else same.manifest.events_read_until
    return NextVersion(composed, dataclasses.replace(provenance, events_read_until=read_until))


def with_new_events(bench: Workbench, config: IngestConfig, log: Log) -> NextVersion:
    """The base and the events of the latest version, with what the event store has, which may be there already.

    All of the store is read, not what follows a mark: a transaction may commit after one with a higher sequence. What
    came while another catalogue was live is left out.

    Raises:
        SourceError: there is no version yet to add events to.
        DataRegistryError: the latest version cannot be read.
        SourceUnavailableError: the event store cannot be read.
    """
    latest = bench.data.latest()
    if latest is None:
        raise SourceError("source events: there is no data version yet to add them to; ingest another source first")
    screened = read_version(bench.data, latest)
    provenance = provenance_of(latest.manifest)
    base, kept = split_version(screened.interactions, BASE)
    with _reading(bench.store) as engine:
        feedback = read_feedback(engine, config.attribution_hours * 3600, config.simulated_feedback)
        forgotten = read_forgotten(engine)
        live = read_live_data(engine)
    ours = belongs(feedback["received_at"], _catalogues(bench.data, live), provenance.owner)
    if not ours.all():
        log(
            f"{int((~ours).sum())} events came while another catalogue than {provenance.owner!r} was live; "
            "they stay there"
        )
    feedback = feedback[ours]
    found = event_interactions(feedback, config)
    for reason, count in found.left_out.items():
        log(f"{count} events are no interactions: {reason}")
    events = pd.concat([part for part in (kept, found.rows) if len(part)] or [kept], ignore_index=True)
    judged = screen_feedback(settle(events), base, config.feedback)
    notes = _tell_quarantined(bench, judged, log)
    told = {name: said for name, said in screened.notes.items() if name != EVENTS} | notes
    marked = dataclasses.replace(screened, interactions=base, notes=told)
    composed = compose(marked, judged.kept, forgotten)
    if composed.unknown_items:
        log(f"{composed.unknown_items} events name items that the catalogue lacks; they wait in the store until it has")
    check_promises(composed.screened.interactions, config)
    arrived = pd.Series([latest.manifest.events_read_until, feedback["received_at"].max()], dtype="float64").max()
    read_until: float | None = None if pd.isna(arrived) else float(arrived)
    return NextVersion(composed.screened, dataclasses.replace(provenance, events_read_until=read_until))


def _tell_quarantined(bench: Workbench, judged: ScreenedFeedback, log: Log) -> dict[str, tuple[str, ...]]:
    """Lists what was left out in a file, says so, and gives the notes of the version; nothing where nothing was."""
    file = bench.settings.root / QUARANTINED_FEEDBACK_FILE
    if not len(judged.quarantined):
        file.unlink(missing_ok=True)
        return {}
    file.parent.mkdir(parents=True, exist_ok=True)
    judged.quarantined.to_csv(file, index=False)
    counts = judged.quarantined[REASON].value_counts(sort=False)
    said = [f"quarantined {count} events: {reason}" for reason, count in counts.items()]
    if judged.crowded:
        named = ", ".join(judged.crowded[:MAX_NAMED])
        said.append(f"crowded items: {named}; if that is as it should be, name them in ingest.feedback.expected_items")
    for line in said:
        log(f"{line}; see {file}")
    return {EVENTS: tuple(said)}


def find_latest(registry: DataRegistry, catalogue: str) -> DataVersion | None:
    """The newest version of this catalogue, None when there is none."""
    of_it = [each for each in registry.versions() if provenance_of(each.manifest).owner == catalogue]
    return of_it[-1] if of_it else None


def read_base(registry: DataRegistry, version: DataVersion) -> Screened:
    """The tables of a version without feedback of ours."""
    whole = read_version(registry, version)
    base, _ = split_version(whole.interactions, BASE)
    return dataclasses.replace(whole, interactions=base[list(INTERACTION_COLUMNS)])


def _catalogues(registry: DataRegistry, live: Sequence[tuple[float, str | None]]) -> list[LiveCatalogue]:
    owners = {each.tag: provenance_of(each.manifest).owner for each in registry.versions()}
    return [LiveCatalogue(since, owners.get(tag or "")) for since, tag in live]


def read_version(registry: DataRegistry, version: DataVersion) -> Screened:
    """The tables of a version as they were when it was made."""
    with tempfile.TemporaryDirectory(prefix="recops-version-") as scratch:
        folder = Path(scratch)
        registry.get(version.tag, folder)
        quarantine = pd.read_csv(folder / QUARANTINE_FILE, dtype=str, keep_default_na=False)
        vectors = folder / ITEM_VECTORS_FILE
        return Screened(
            item_vectors=pd.read_parquet(vectors) if vectors.is_file() else None,
            interactions=pd.read_parquet(folder / INTERACTIONS_FILE),
            items=pd.read_parquet(folder / ITEMS_FILE),
            users=pd.read_parquet(folder / USERS_FILE),
            quarantine=quarantine,
            rows=dict.fromkeys(quarantine[TABLE], 0),
            merged=version.manifest.merged,
            notes=version.manifest.notes,
            timed=version.manifest.timed,
            catalogued=version.manifest.catalogued,
        )


@contextmanager
def _reading(store: EventStore) -> Iterator[Engine]:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield store.unchecked_engine
    except SQLAlchemyError as error:
        said = getattr(error, "orig", None) or type(error).__name__
        raise SourceUnavailableError(f"source {EVENTS}: the event store says: {said}") from error
