"""Opens the event store, and brings its schema up to date.

SQLite: WAL, `synchronous=FULL`, a busy timeout, foreign keys on, and every transaction begins with `BEGIN IMMEDIATE`,
so that a transaction that reads before it writes cannot fail half way with "database is locked"; `reading` begins
transactions that do not take the write lock. Other databases are opened as SQLAlchemy does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

BUSY_TIMEOUT_SECONDS = 15.0
MIGRATIONS = Path(__file__).parent / "migrations"

_READ_ONLY = "recops_read_only"
_MIGRATION_LOCK = 7_263_517  # any number, the same in all processes; PostgreSQL's advisory lock


def open_engine(url: str, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> Engine:
    """An engine for `url`; connects to nothing yet. The folder of a SQLite file is made if it is missing.

    A plain `postgresql://` goes through psycopg 3, the driver that is installed.
    """
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            parsed,
            json_serializer=_to_json,
            json_deserializer=orjson.loads,
            pool_pre_ping=True,
            hide_parameters=True,  # an error is logged, and its text would hold ids of users
        )
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        parsed,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        hide_parameters=True,
        connect_args={"timeout": busy_timeout_seconds},
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(_READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for queries only: one consistent snapshot, and no write lock."""
    with engine.connect().execution_options(**{_READ_ONLY: True}) as connection:
        yield connection


def migrate(url: str, revision: str = "head") -> None:
    """Brings the schema at `url` up to `revision`, the newest by default; does nothing when it is there already.

    The whole migration is one transaction under a lock, so several processes may call this at once: one migrates,
    the others wait and find nothing to do.
    """
    from alembic import command
    from alembic.config import Config

    engine = open_engine(url, busy_timeout_seconds=60.0)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        engine.dispose()


def _to_json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
