"""A backup gives the same store back, on whatever database, and nobody who was forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import JSON, Boolean, Column, Double, Engine, Integer, func, select

from components.access.api_keys import ApiKey
from components.adapters.store.access.audit_log import SqlAuditLog
from components.adapters.store.access.keys import SqlKeys
from components.adapters.store.backup import Backup, BackupError, back_up, drill, restore
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.forgetting import forget_user
from components.adapters.store.tables import (
    alerts,
    api_keys,
    feedback,
    forgotten_users,
    impressions,
    metadata,
    requests,
)

N = 3


def fill(engine: Engine) -> None:
    """`N` rows in every table; row 0 has no value where none is needed."""
    with engine.begin() as db:
        for table in metadata.sorted_tables:
            for n in range(N):
                values = {column.name: value(column, n) for column in table.columns if not (n == 0 and column.nullable)}
                db.execute(table.insert().values(values))


def value(column: Column[object], n: int) -> object:
    if isinstance(column.type, JSON):
        return {"n": n, "text": "ü'\""}
    if isinstance(column.type, Boolean):
        return n % 2 == 0
    if isinstance(column.type, Integer):
        return n + 1
    return n + 1 / 3 if isinstance(column.type, Double) else f"{n} é"


def contents(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    with reading(engine) as db:
        return {
            table.name: [tuple(row) for row in db.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


@pytest.fixture
def backup(engine: Engine, tmp_path: Path) -> Backup:
    fill(engine)
    return back_up(engine, tmp_path / "backup", now=5.0)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'other.db'}")
    yield engine
    engine.dispose()


def test_a_restored_store_is_the_same_in_every_row(
    engine: Engine, backup: Backup, other: Engine, tmp_path: Path
) -> None:
    assert set(backup.rows.values()) == {N}
    restore(str(other.url), tmp_path / "backup", replace=False)
    assert contents(other) == contents(engine)
    assert drill(tmp_path / "backup").different == ()


def test_only_an_empty_store_is_restored_unless_it_is_to_be_replaced(
    url: str, engine: Engine, backup: Backup, tmp_path: Path
) -> None:
    before = contents(engine)
    with engine.begin() as db:
        db.execute(impressions.delete())
    with pytest.raises(BackupError, match="has rows in"):
        restore(url, tmp_path / "backup", replace=False)
    restore(url, tmp_path / "backup", replace=True)
    assert contents(engine) == before


def test_numbering_goes_on_after_a_restore(url: str, engine: Engine, backup: Backup, tmp_path: Path) -> None:
    restore(url, tmp_path / "backup", replace=True)
    row = {"event_id": "new", "user_id": "u", "item_id": "i", "type": "click", "occurred_at": 1, "received_at": 1}
    with engine.begin() as db:
        db.execute(feedback.insert().values(row))
        db.execute(alerts.insert().values({**{c.name: value(c, 7) for c in alerts.columns if not c.primary_key}}))
    with reading(engine) as db:
        assert db.execute(select(func.max(feedback.c.sequence))).scalar() == N + 1
        assert db.execute(select(func.max(alerts.c.alert_id))).scalar() == N + 1


def test_who_was_forgotten_since_the_backup_does_not_come_back(
    url: str, engine: Engine, backup: Backup, tmp_path: Path
) -> None:
    forget_user(engine, "1 é", at=9.0, by="test")
    restore(url, tmp_path / "backup", replace=True)
    with reading(engine) as db:
        for table in (feedback, impressions, requests):
            assert db.execute(select(table.c.user_id).order_by(table.c.user_id)).scalars().all() == ["0 é", "2 é"]
        assert db.execute(select(func.count()).select_from(forgotten_users)).scalar() == N + 1


def test_a_restore_opens_no_door_that_was_shut_since_and_leaves_the_audit_log(
    url: str, engine: Engine, backup: Backup, tmp_path: Path
) -> None:
    restore(url, tmp_path / "backup", replace=True)
    keys, log = SqlKeys(engine), SqlAuditLog(engine)
    with engine.begin() as db:
        db.execute(api_keys.update().values(revoked_at=None))
    back_up(engine, tmp_path / "open", now=6.0)
    assert keys.revoke("1 é", 7.0, "ann")
    keys.add(ApiKey("later", "later", "server", "digest", 8.0), "ann")
    log.note(9.0, "ann", "restore", {})
    before = log.newest(100)
    restore(url, tmp_path / "open", replace=True)
    assert {key.key_id: key.revoked_at for key in keys.all()} == {"0 é": None, "1 é": 7.0, "2 é": None, "later": None}
    assert log.newest(100) == before


def test_entries_of_a_log_that_was_begun_anew_come_behind_those_of_the_backup(
    backup: Backup, other: Engine, tmp_path: Path
) -> None:
    migrate(str(other.url))
    log = SqlAuditLog(other)
    log.note(9.0, "ann", "restore", {})
    restore(str(other.url), tmp_path / "backup", replace=False)
    assert [entry["action"] for entry in log.newest(100)] == ["0 é", "1 é", "2 é", "restore"]


def test_a_damaged_backup_is_refused_and_changes_nothing(
    url: str, engine: Engine, backup: Backup, tmp_path: Path
) -> None:
    before = contents(engine)
    file = tmp_path / "backup" / "feedback.parquet"
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    file.write_bytes(bytes(damaged))
    for attempt in (lambda: restore(url, tmp_path / "backup", replace=True), lambda: drill(tmp_path / "backup")):
        with pytest.raises(BackupError, match=r"feedback\.parquet is missing or damaged"):
            attempt()
    with pytest.raises(BackupError, match="holds no backup"):
        drill(tmp_path)
    with pytest.raises(BackupError, match="is not empty"):
        back_up(engine, tmp_path / "backup", now=6.0)
    assert contents(engine) == before


def test_a_backup_of_an_earlier_schema_is_restored(tmp_path: Path, other: Engine) -> None:
    """A store of the first schema, as the release before it wrote it, backed up by the code of that time."""
    migrate(str(other.url))
    fill(other)
    made = back_up(other, tmp_path / "backup", now=5.0)
    manifest = tmp_path / "backup" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(f'"revision": "{made.revision}"', '"revision": "0001"'))
    assert drill(tmp_path / "backup").different == ()
