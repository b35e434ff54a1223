"""Writes tables of the event store as Parquet files, and reads them back: the format of exports and backups.

Rows are in the order of their key, columns of JSON are text, so equal rows give equal bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Connection,
    Double,
    Engine,
    Integer,
    Subquery,
    Table,
    Text,
    cast,
    insert,
    select,
)

from components.adapters.store.engine import reading

ROWS_AT_ONCE = 20_000


def write_table(db: Connection, table: Table | Subquery, path: Path, *conditions: ColumnElement[bool]) -> int:
    """Writes the rows of `table` that meet the conditions to `path`; returns how many there are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column.name, _arrow_type(pa, column)) for column in table.columns])
    cells = [cast(column, Text) if isinstance(column.type, JSON) else column for column in table.columns]
    query = select(*cells).where(*conditions).order_by(*table.primary_key).execution_options(yield_per=ROWS_AT_ONCE)
    count = 0
    with pq.ParquetWriter(path, schema, version="2.6", compression="zstd") as writer:
        for part in db.execute(query).partitions():
            columns = list(zip(*part, strict=True))
            arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(part)
    return count


def read_rows(path: Path) -> Iterator[list[dict[str, Any]]]:
    """The rows of a file that `write_table` wrote, part by part; columns of JSON are text."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROWS_AT_ONCE):
            yield batch.to_pylist()


def insert_rows(db: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows that `read_rows` gave; a column that they lack gets its default."""
    names = [name for name in rows[0] if name in table.columns]
    # As text to the driver: SQLAlchemy would turn an absent value of JSON into the JSON value null.
    compiled = insert(table).compile(dialect=db.dialect, column_keys=names)
    order = compiled.positiontup
    if order is None:
        db.exec_driver_sql(str(compiled), [{name: row[name] for name in names} for row in rows])
    else:
        db.exec_driver_sql(str(compiled), [tuple([row[name] for name in order]) for row in rows])


def snapshot(engine: Engine) -> Any:
    """A connection that sees one state of the store, however long it reads."""
    if engine.dialect.name != "postgresql":
        return reading(engine)
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return engine.connect().execution_options(**options)


def sha256(path: Path) -> str:
    """The digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _arrow_type(pa: Any, column: ColumnElement[Any]) -> Any:
    kinds = {Boolean: pa.bool_(), Double: pa.float64(), Integer: pa.int64()}
    return next((kind for cls, kind in kinds.items() if isinstance(column.type, cls)), pa.string())
