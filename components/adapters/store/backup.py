"""Backs the event store up into a folder, restores it, and proves that the one gives the other.

A backup is a Parquet file per table, all of one moment, and manifest.json with their digests. It is the same for every
database, so a store moves from SQLite to PostgreSQL by backup and restore.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, delete, func, select, text

from components.adapters.store.access.kept_over_restore import KEPT, read_standing, stand_again
from components.adapters.store.engine import MIGRATIONS, migrate, open_engine
from components.adapters.store.forgetting import bury_again, read_forgotten
from components.adapters.store.table_files import insert_rows, read_rows, sha256, snapshot, write_table
from components.adapters.store.tables import metadata

MANIFEST = "manifest.json"


class BackupError(Exception):
    """A backup cannot be made or restored; the message says why and what to do."""


@dataclass(frozen=True)
class Backup:
    """What manifest.json says: when, of which revision of the schema, rows and sha256 of each table's file."""

    created_at: float
    revision: str
    rows: dict[str, int]
    digests: dict[str, str]
    format: int = 1


@dataclass(frozen=True)
class Drilled:
    """The outcome of a drill: tables whose restored rows are not the ones that were backed up; none is well."""

    backup: Backup
    different: tuple[str, ...]


def back_up(engine: Engine, folder: Path, now: float) -> Backup:
    """Writes all tables as they are at one moment into `folder`, which must be empty or missing.

    Raises:
        BackupError: there is something in the folder, or no schema in the store.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty; name a new folder")
    with snapshot(engine) as db:
        revision = MigrationContext.configure(db).get_current_revision()
        if revision is None:
            raise BackupError("the event store has no schema yet; start it with `recops up`")
        rows = {table.name: write_table(db, table, _file(folder, table.name)) for table in metadata.sorted_tables}
    digests = {name: sha256(_file(folder, name)) for name in rows}
    backup = Backup(now, revision, rows, digests)
    (folder / MANIFEST).write_text(json.dumps(asdict(backup), indent=1) + "\n")
    return backup


def read_backup(folder: Path) -> Backup:
    """The manifest of the backup in `folder`, whose files are whole.

    Raises:
        BackupError: there is none, a file is missing or damaged, or it is of a newer schema than this code.
    """
    try:
        backup = Backup(**json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{folder} holds no backup of the event store: {error}") from error
    for name, digest in backup.digests.items():
        if not _file(folder, name).is_file() or sha256(_file(folder, name)) != digest:
            raise BackupError(f"{_file(folder, name)} is missing or damaged; take another backup")
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if backup.format != 1 or backup.revision not in known:
        raise BackupError(f"{folder} is of a newer version of recops (schema {backup.revision}); restore it with that")
    return backup


def restore(url: str, folder: Path, replace: bool) -> Backup:
    """Makes the store at `url` the one in the backup, in one transaction; others see the old state or the new one.

    Who was forgotten since the backup stays forgotten, a key that was taken back opens nothing again, and the audit log
    keeps what it holds.

    Raises:
        BackupError: see `read_backup`; or the store has rows and `replace` is False.
    """
    backup = read_backup(folder)
    migrate(url)
    engine = open_engine(url)
    try:
        forgotten = {digest: at for digest, at in read_forgotten(engine).items() if at > backup.created_at}
        with engine.begin() as db:
            before = read_standing(db)
            _empty(db, replace)
            for table in metadata.sorted_tables:
                if table.name in backup.digests:
                    for rows in read_rows(_file(folder, table.name)):
                        insert_rows(db, table, rows)
            _continue_numbers(db)
            stand_again(db, before)
            bury_again(db, forgotten)
    finally:
        engine.dispose()
    return backup


def drill(folder: Path) -> Drilled:
    """Restores the backup into a store of its own, backs that up, and compares the two.

    Raises:
        BackupError: see `read_backup`.
    """
    backup = read_backup(folder)
    with tempfile.TemporaryDirectory(prefix="recops-drill-") as scratch:
        url = f"sqlite:///{Path(scratch) / 'events.db'}"
        restore(url, folder, replace=False)
        engine = open_engine(url)
        try:
            again = back_up(engine, Path(scratch) / "again", backup.created_at)
        finally:
            engine.dispose()
    if again.revision == backup.revision:
        different = [name for name in backup.digests if again.digests.get(name) != backup.digests[name]]
    else:  # columns came with a newer schema, and with them other bytes
        different = [name for name in backup.rows if again.rows.get(name) != backup.rows[name]]
    return Drilled(backup, tuple(different))


def _empty(db: Connection, replace: bool) -> None:
    tables = metadata.sorted_tables
    if not replace:
        lost = [table for table in tables if table not in KEPT]
        full = [table.name for table in lost if db.execute(select(func.count()).select_from(table)).scalar_one()]
        if full:
            raise BackupError(f"the event store has rows in {', '.join(full)}; --replace drops them for the backup's")
    for table in reversed(tables):
        db.execute(delete(table))


def _continue_numbers(db: Connection) -> None:
    """PostgreSQL numbers rows by itself, and does not look at those that brought their number."""
    if db.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            highest = db.execute(select(func.max(column))).scalar()
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            db.execute(select(func.setval(sequence, highest or 1, text("true" if highest else "false"))))


def _file(folder: Path, table: str) -> Path:
    return folder / f"{table}.parquet"
