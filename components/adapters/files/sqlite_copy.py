"""Copies a SQLite database as it is at one moment, while others go on writing to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

BUSY_SECONDS = 30.0


def copy_database(source: Path, to: Path) -> None:
    """Writes the copy to `to`.

    Raises:
        sqlite3.Error: it is no database, or stays locked.
    """
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as read, closing(sqlite3.connect(to)) as written:
        read.backup(written)
