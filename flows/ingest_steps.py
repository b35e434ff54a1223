"""The steps of an ingest, without Prefect: read a slice of a source, screen it, keep it as a data version."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from components.adapters.data_registry import DataRegistry, NothingChanged, VersionAdded
from components.adapters.file_source import FileSource
from components.adapters.movielens_source import DESCRIBED, MovieLensSource
from components.adapters.movielens_source import NAME as MOVIELENS
from components.adapters.settings import Settings
from components.adapters.sql_source import SqlSource
from components.adapters.version_files import quarantine_csv
from components.interactions.refusal import Refused, find_refusal
from components.interactions.screening import Screened, screen
from components.interactions.source import INTERACTIONS, ITEMS, USERS, Source, SourceError, SourceTables
from components.interactions.withholding import parse_until, until
from components.params import Ingest

SQL = "sql"
REFUSED_FILE = "refused-ingest.csv"


@dataclass(frozen=True)
class Request:
    """What to ingest: the parameters of the ingest flow, which describes them."""

    source: str = MOVIELENS
    until: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    items_table: str | None = None
    users_table: str | None = None


def choose_source(settings: Settings, request: Request) -> Source:
    """The source that `request` names.

    Raises:
        SourceError: the source "sql" is asked for without a table.
    """
    if request.source in (MOVIELENS, DESCRIBED):
        return MovieLensSource(described=request.source == DESCRIBED)
    if request.source != SQL:
        return FileSource(settings.project / Path(request.source).expanduser(), request.mapping)
    if request.table is None:
        raise SourceError("source sql: no table is named; say which one holds the interactions with the option table")
    tables = {INTERACTIONS: request.table, ITEMS: request.items_table, USERS: request.users_table}
    return SqlSource(
        settings.source_sql_url, {table: name for table, name in tables.items() if name is not None}, request.mapping
    )


def read_slice(source: Source, cut: str | None) -> SourceTables:
    """The tables of `source`, the interactions up to `cut` (text as parse_until takes it; None for all).

    Raises:
        UntilError: `cut` is neither a time nor a share.
        SourceError: the source cannot be read.
    """
    limit = None if cut is None else parse_until(cut)
    tables = source.read()
    if limit is None:
        return tables
    return dataclasses.replace(tables, interactions=until(tables.interactions, limit))


def screen_slice(settings: Settings, tables: SourceTables, config: Ingest) -> Screened | Refused:
    """The good and the bad rows, or a refusal, which leaves all bad rows in a file of the state folder to look at."""
    screened = screen(tables, config)
    refused = find_refusal(screened, tables.origins, config)
    if refused is None:
        return screened
    path = settings.root / REFUSED_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(quarantine_csv(screened.quarantine))
    return Refused(f"{refused.reason}. All bad rows are listed in {path}")


def run_ingest(settings: Settings, config: Ingest, request: Request) -> VersionAdded | NothingChanged | Refused:
    """All steps at once, in this process.

    Raises:
        UntilError, SourceError, DataRegistryError: as the steps do; no version was made.
    """
    source = choose_source(settings, request)
    screened = screen_slice(settings, read_slice(source, request.until), config)
    if isinstance(screened, Refused):
        return screened
    return DataRegistry(settings).add_version(screened, source.name, request.until)
