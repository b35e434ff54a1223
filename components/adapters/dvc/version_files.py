"""Writes the files of a data version so that equal data gives equal bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from components.interactions.data_version import (
    INTERACTIONS_FILE,
    ITEM_VECTORS_FILE,
    ITEMS_FILE,
    QUARANTINE_FILE,
    USERS_FILE,
)

if TYPE_CHECKING:
    import pandas as pd

    from components.interactions.screening import Screened

_ROWS_PER_GROUP = 1 << 20


def write_version_files(folder: Path, screened: Screened) -> None:
    """Writes the tables and any item vectors as Parquet and the quarantine as CSV into the empty `folder`."""
    _write_parquet(screened.interactions, folder / INTERACTIONS_FILE)
    _write_parquet(screened.items, folder / ITEMS_FILE)
    _write_parquet(screened.users, folder / USERS_FILE)
    if screened.item_vectors is not None:
        _write_parquet(screened.item_vectors, folder / ITEM_VECTORS_FILE)
    (folder / QUARANTINE_FILE).write_text(quarantine_csv(screened.quarantine))


def quarantine_csv(quarantine: pd.DataFrame) -> str:
    """The quarantine as CSV text with a header."""
    return quarantine.to_csv(index=False, lineterminator="\n")


def file_digests(folder: Path) -> dict[str, str]:
    """The sha256 of each file in `folder`, by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def content_digest(files: dict[str, str], quarantine: pd.DataFrame) -> str:
    """The sha256 by which an ingest is known to change something.

    It covers the three tables, the item vectors and the quarantined rows, but not where in the source those stood: the
    same rows in another order are the same data.
    """
    rows = quarantine.drop(columns="row")
    bad = quarantine_csv(rows.sort_values(list(rows.columns), kind="stable"))
    parts = [files[name] for name in (INTERACTIONS_FILE, ITEMS_FILE, USERS_FILE)]
    parts += [files[ITEM_VECTORS_FILE]] if ITEM_VECTORS_FILE in files else []
    return hashlib.sha256("\n".join([*parts, bad]).encode()).hexdigest()


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Without the metadata: it names the versions of pandas and pyarrow, which are not part of the data.
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, version="2.6", compression="zstd", row_group_size=_ROWS_PER_GROUP)
