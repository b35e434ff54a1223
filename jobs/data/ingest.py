"""One ingest, without Prefect: read a slice of a source, screen it, keep it as a data version."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from components.adapters.dvc.data_registry import DataRegistry, NothingChanged, VersionAdded
from components.adapters.dvc.version_files import quarantine_csv
from components.adapters.sources.files import FileSource
from components.adapters.sources.movielens import NAME as MOVIELENS
from components.adapters.sources.movielens import MovieLensSource
from components.adapters.sources.sql import SqlSource
from components.config.ingest import IngestConfig
from components.interactions.columns import VALUE
from components.interactions.data_version import Provenance
from components.interactions.event_interactions import EVENTS
from components.interactions.extending import extend, with_known_items
from components.interactions.refusal import IngestRefused, find_refusal
from components.interactions.screening import Screened, screen
from components.interactions.source import (
    INTERACTIONS,
    ITEMS,
    USERS,
    NothingNewError,
    Source,
    SourceError,
    SourceTables,
)
from components.interactions.withholding import parse_until, until
from jobs.data.compose_version import NextVersion, find_latest, read_base, with_kept_events, with_new_events
from jobs.steps import AsStep, Log, plainly
from jobs.wiring.workbench import Workbench

SQL = "sql"
REFUSED_FILE = "refused-ingest.csv"


@dataclass(frozen=True)
class IngestRequest:
    """What to ingest: the parameters of the ingest flow, which describes them."""

    source: str = MOVIELENS
    until: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    items_table: str | None = None
    users_table: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    only_new: bool = False
    watermark: str | None = None
    catalogue: str | None = None


def with_options(config: IngestConfig, options: Mapping[str, Any]) -> IngestConfig:
    """`config` with the options of one ingest.

    Raises:
        SourceError: an option is unknown or has a wrong value.
    """
    try:
        return IngestConfig.model_validate({**config.model_dump(), **options})
    except ValidationError as error:
        first = error.errors()[0]
        raise SourceError(f"options: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def choose_source(bench: Workbench, request: IngestRequest, known: Mapping[str, str] | None = None) -> Source:
    """The source that `request` names; with `known`, the `feed` of a version, what is new since then.

    Raises:
        SourceError: the source "sql" is asked for without a table.
    """
    if request.source == MOVIELENS:
        return MovieLensSource()
    if request.source != SQL:
        return FileSource(address_of(bench, request.source), request.mapping, known)
    if request.table is None:
        raise SourceError("source sql: no table is named; say which one holds the interactions with the option table")
    tables = {INTERACTIONS: request.table, ITEMS: request.items_table, USERS: request.users_table}
    named = {table: name for table, name in tables.items() if name is not None}
    return SqlSource(bench.settings.source_sql_url, named, request.mapping, request.watermark, known)


def read_slice(source: Source, end: str | None, day_first: bool | None = None) -> SourceTables:
    """The tables of a source, the interactions up to `end` (None for all).

    Raises:
        UntilError: `end` is neither a time nor a share, or the source has no times.
        SourceError: the source cannot be read.
    """
    limit = None if end is None else parse_until(end)
    tables = source.read()
    if limit is None:
        return tables
    return dataclasses.replace(tables, interactions=until(tables.interactions, limit, day_first))


def screen_slice(tables: SourceTables, config: IngestConfig, bad_rows: Path) -> Screened | IngestRefused:
    """The good and the bad rows, or a refusal, which leaves all bad rows in a file to look at."""
    screened = screen(tables, config)
    refused = find_refusal(screened, tables.origins, config)
    if refused is None:
        return screened
    bad_rows.parent.mkdir(parents=True, exist_ok=True)
    bad_rows.write_text(quarantine_csv(screened.quarantine))
    return IngestRefused(f"{refused.reason}. All bad rows are listed in {bad_rows}")


def register_version(registry: DataRegistry, version: NextVersion) -> VersionAdded | NothingChanged:
    """The data version; see DataRegistry.add_version."""
    return registry.add_version(version.screened, version.provenance)


def run_ingest(
    bench: Workbench, request: IngestRequest, log: Log, as_step: AsStep = plainly
) -> VersionAdded | NothingChanged | IngestRefused:
    """All steps in their order, each called through `as_step`.

    Raises:
        UntilError, SourceError, DataRegistryError: as the steps do; no version was made.
    """
    if request.source == EVENTS:
        return _ingest_events(bench, request, log, as_step)
    provenance = Provenance(choose_source(bench, request).name, request.until, catalogue=request.catalogue)
    before = find_latest(bench.data, provenance.owner) if request.only_new else None
    options = {**({} if before is None else _range_of(before.manifest.options)), **request.options}
    config = with_options(bench.params.ingest, options)
    source = choose_source(bench, request, None if before is None else before.manifest.feed)
    try:
        tables = as_step(read_slice)(source, request.until, config.day_first)
    except NothingNewError as error:
        if before is None:
            raise
        log(str(error))
        return NothingChanged(before)
    _tell_read(tables, source.name, config, log)
    old = None if before is None else read_base(bench.data, before)
    news = tables if old is None else with_known_items(tables, old)
    screened = as_step(screen_slice)(news, config, bench.settings.root / REFUSED_FILE)
    if isinstance(screened, IngestRefused):
        return screened
    _tell_screened(screened, log)
    base = screened if old is None else extend(old, screened)
    feed = {**({} if before is None else before.manifest.feed), **tables.feed}
    if config.values == "ratings" and config.source_range is None and screened.value_range is not None:
        options = {**options, "source_range": list(screened.value_range)}
    provenance = dataclasses.replace(provenance, feed=feed, options=options)
    version = as_step(with_kept_events)(bench, config, base, provenance, log)
    return as_step(register_version)(bench.data, version)


def _range_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """What range the ratings before were stretched from: those that follow are stretched alike, whatever theirs is."""
    return {name: value for name, value in options.items() if name == "source_range"}


def _ingest_events(
    bench: Workbench, request: IngestRequest, log: Log, as_step: AsStep
) -> VersionAdded | NothingChanged:
    if request != IngestRequest(EVENTS):
        raise SourceError("source events: the store is read whole; leave out until, mapping, tables and options")
    latest = bench.data.latest()
    config = with_options(bench.params.ingest, {} if latest is None else latest.manifest.options)
    version = as_step(with_new_events)(bench, config, log)
    return as_step(register_version)(bench.data, version)


def _tell_read(tables: SourceTables, name: str, config: IngestConfig, log: Log) -> None:
    log(f"read {len(tables.interactions)} interactions from {name}")
    for table, how in tables.read_as.items():
        log(f"{table}: {how}")
    if VALUE not in tables.interactions and not config.weights:
        log(f"there is no column {VALUE}: each interaction counts as {config.implicit_value:g}, ingest.implicit_value")


def _tell_screened(screened: Screened, log: Log) -> None:
    for table, notes in screened.notes.items():
        for note in notes:
            log(f"{table}: {note}")
    merged = sum(screened.merged.values())
    log(f"kept {len(screened.interactions)} interactions, merged {merged} rows, quarantined {len(screened.quarantine)}")


def address_of(bench: Workbench, source: str) -> str:
    """An address as it is, and a path taken from the project."""
    return source if "://" in source else str(bench.settings.project / Path(source).expanduser())
