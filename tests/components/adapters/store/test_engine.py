"""How the event store is opened, and how its schema gets there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Engine, MetaData, inspect, text
from sqlalchemy.exc import OperationalError

from components.adapters.store.engine import MIGRATIONS, migrate, open_engine, reading
from components.adapters.store.tables import metadata

FORMER = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][1:]


@pytest.fixture
def store(empty_url: str) -> Iterator[Engine]:
    """Any supported database, without tables."""
    engine = open_engine(empty_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'deep' / 'events.db'}"


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url, busy_timeout_seconds=0.05)
    yield engine
    engine.dispose()


def test_the_migrated_schema_is_the_one_the_code_uses(empty_url: str, store: Engine) -> None:
    migrate(empty_url)
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert set(inspect(store).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_migrating_again_keeps_what_is_stored(empty_url: str, store: Engine) -> None:
    migrate(empty_url)
    with store.begin() as connection:
        connection.execute(text("INSERT INTO slots (slot, should_run) VALUES ('blue', true)"))
    migrate(empty_url)
    with store.connect() as connection:
        assert connection.execute(text("SELECT slot FROM slots")).scalars().all() == ["blue"]


@pytest.mark.parametrize("revision", FORMER)
def test_the_code_of_an_earlier_schema_can_still_write(empty_url: str, store: Engine, revision: str) -> None:
    """It names the columns that it knows; what came later must do without it."""
    known = MetaData()
    migrate(empty_url, revision)
    known.reflect(store)
    migrate(empty_url)
    with store.begin() as connection:
        for table in known.sorted_tables:
            if table.name != "alembic_version":
                values = {column.name: example(column) for column in table.columns}
                connection.execute(table.insert().values(values))


def example(column: Column[Any]) -> object:
    """Any value of the column's type; the same for keys and for what refers to them."""
    return (
        None
        if column.nullable
        else {str: "a", int: 1, float: 1.0, object: {}, dict: {}, bool: True}[column.type.python_type]
    )


def test_processes_that_migrate_at_once_all_succeed(empty_url: str, store: Engine) -> None:
    code = "import sys; from components.adapters.store.engine import migrate; migrate(sys.argv[1])"
    processes = [subprocess.Popen([sys.executable, "-W", "error", "-c", code, empty_url]) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert "feedback" in inspect(store).get_table_names()


def test_sqlite_commits_are_durable_and_references_are_checked(sqlite: Engine) -> None:
    with sqlite.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 50}


def test_a_transaction_takes_the_write_lock_when_it_begins(sqlite: Engine) -> None:
    with sqlite.connect() as first:
        first.exec_driver_sql("SELECT 1")
        with pytest.raises(OperationalError, match="locked"), sqlite.connect() as second:
            second.exec_driver_sql("SELECT 1")


def test_readers_wait_for_nobody_and_see_one_state(sqlite_url: str, sqlite: Engine) -> None:
    migrate(sqlite_url)
    count = text("SELECT count(*) FROM slots")
    with sqlite.begin() as writer:
        writer.execute(text("INSERT INTO slots (slot, should_run) VALUES ('blue', true)"))
        with reading(sqlite) as reader:
            assert reader.execute(count).scalar() == 0
    with reading(sqlite) as reader:
        assert reader.execute(count).scalar() == 1


def test_what_a_failed_transaction_wrote_is_gone(empty_url: str, store: Engine) -> None:
    migrate(empty_url)
    with pytest.raises(ZeroDivisionError), store.begin() as connection:
        connection.execute(text("INSERT INTO slots (slot, should_run) VALUES ('blue', true)"))
        raise ZeroDivisionError
    with reading(store) as reader:
        assert reader.execute(text("SELECT count(*) FROM slots")).scalar() == 0
