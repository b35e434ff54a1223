"""One ingest, without Prefect: read a slice of a source, screen it, keep it as a data version."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from components.adapters.dvc.data_registry import DataRegistry, NothingChanged, VersionAdded
from components.adapters.dvc.version_files import quarantine_csv
from components.adapters.sources.files import FileSource
from components.adapters.sources.movielens import NAME as MOVIELENS
from components.adapters.sources.movielens import MovieLensSource
from components.adapters.sources.sql import SqlSource
from components.config.ingest import IngestConfig
from components.interactions.columns import VALUE
from components.interactions.event_interactions import EVENTS
from components.interactions.refusal import IngestRefused, find_refusal
from components.interactions.screening import Screened, screen
from components.interactions.source import INTERACTIONS, ITEMS, USERS, Source, SourceError, SourceTables
from components.interactions.withholding import parse_until, until
from jobs.data.compose_version import NextVersion, with_kept_events, with_new_events
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


def choose_source(bench: Workbench, request: IngestRequest) -> Source:
    """The source that `request` names.

    Raises:
        SourceError: the source "sql" is asked for without a table.
    """
    if request.source == MOVIELENS:
        return MovieLensSource()
    if request.source != SQL:
        return FileSource(bench.settings.project / Path(request.source).expanduser(), request.mapping)
    if request.table is None:
        raise SourceError("source sql: no table is named; say which one holds the interactions with the option table")
    tables = {INTERACTIONS: request.table, ITEMS: request.items_table, USERS: request.users_table}
    return SqlSource(
        bench.settings.source_sql_url,
        {table: name for table, name in tables.items() if name is not None},
        request.mapping,
    )


def read_slice(source: Source, end: str | None) -> SourceTables:
    """The tables of a source, the interactions up to `end` (None for all).

    Raises:
        UntilError: `end` is neither a time nor a share.
        SourceError: the source cannot be read.
    """
    limit = None if end is None else parse_until(end)
    tables = source.read()
    if limit is None:
        return tables
    return dataclasses.replace(tables, interactions=until(tables.interactions, limit))


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
    return registry.add_version(version.screened, version.source, version.until, version.events_read_until)


def run_ingest(
    bench: Workbench, request: IngestRequest, log: Log, as_step: AsStep = plainly
) -> VersionAdded | NothingChanged | IngestRefused:
    """All steps in their order, each called through `as_step`.

    Raises:
        UntilError, SourceError, DataRegistryError: as the steps do; no version was made.
    """
    config = bench.params.ingest
    if request.source == EVENTS:
        return _ingest_events(bench, config, request, log, as_step)
    source = choose_source(bench, request)
    tables = as_step(read_slice)(source, request.until)
    log(f"read {len(tables.interactions)} interactions from {source.name}")
    if VALUE not in tables.interactions:
        log(f"there is no column {VALUE}: each interaction counts as {config.implicit_value:g}, ingest.implicit_value")
    screened = as_step(screen_slice)(tables, config, bench.settings.root / REFUSED_FILE)
    if isinstance(screened, IngestRefused):
        return screened
    log(f"kept {len(screened.interactions)} interactions, quarantined {len(screened.quarantine)} rows")
    version = as_step(with_kept_events)(bench, config, screened, source.name, request.until)
    return as_step(register_version)(bench.data, version)


def _ingest_events(
    bench: Workbench, config: IngestConfig, request: IngestRequest, log: Log, as_step: AsStep
) -> VersionAdded | NothingChanged:
    if request != IngestRequest(EVENTS):
        raise SourceError("source events: the store is read whole; leave out until, mapping and tables")
    version = as_step(with_new_events)(bench, config, log)
    return as_step(register_version)(bench.data, version)
