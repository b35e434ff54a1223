"""Turns an Arrow table, as Parquet files hold it, into a frame without losing what pandas would round or hide."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pandas as pd
import pyarrow as pa

TEXT = pd.StringDtype("pyarrow")
_UUID_BYTES = 16
_UNNAMED_INDEX = re.compile(r"__index_level_\d+__")


def frame_of(table: pa.Table) -> pd.DataFrame:
    """A column for each column and each named level of an index; members of a struct `a` are `a.b`.

    Integers beside gaps stay integers, decimals without a fraction stay exact, categories are their texts, lists stay
    lists, bytes of one width are a UUID or hexadecimal digits. An index without a name is pandas' row number, which is
    dropped.
    """
    table = table.replace_schema_metadata(None)
    while any(pa.types.is_struct(kind) for kind in table.schema.types):
        table = table.flatten()
    kept = [name for name in table.column_names if not _UNNAMED_INDEX.fullmatch(name)]
    columns = {name: _plain(table.column(name)) for name in kept}
    made: pd.DataFrame = pa.table(columns).to_pandas(
        types_mapper=_text, integer_object_nulls=True, ignore_metadata=True
    )
    return made


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_fixed_size_binary(kind) or getattr(kind, "extension_name", "") == "arrow.uuid":
        return pa.chunked_array([[_text_of_bytes(value) for value in column.to_pylist()]], pa.string())
    if pa.types.is_decimal(kind) and kind.scale > 0:
        return column.cast(pa.float64())
    return column


def _text_of_bytes(value: bytes | UUID | None) -> str | None:
    """Bytes of one width as people write them: sixteen as a UUID, others as hexadecimal digits."""
    if value is None or isinstance(value, UUID):
        return None if value is None else str(value)
    return str(UUID(bytes=value)) if len(value) == _UUID_BYTES else value.hex()


def _text(kind: pa.DataType) -> Any:
    return TEXT if pa.types.is_string(kind) else None
