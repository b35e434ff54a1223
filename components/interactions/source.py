"""What every source of interactions gives: its tables as they are, unchecked, with where each came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from components.interactions.raw_table import DamagedRow

INTERACTIONS = "interactions"
ITEMS = "items"
USERS = "users"
ITEM_VECTORS = "item_vectors"


class SourceError(Exception):
    """A source cannot be read; the message names the file or table, what is wrong with it, and what to do."""


class SourceUnavailableError(SourceError):
    """A source does not answer now, but may later."""


class NothingNewError(SourceError):
    """A source has nothing that was not read before."""


@dataclass(frozen=True)
class SourceTables:
    """Raw tables under our column names (components.interactions.columns), values as the source has them.

    The index of each frame is the row's number in its source, from 0 and without the header; a cut of the rows keeps
    it, so that the quarantine can name the row. Only `user_id` and `item_id` of the interactions, `item_id` of the
    items and `user_id` of the users must be there. Without `items` or `users` (None) they are derived from the
    interactions, where item columns such as `title` are then looked for as well.
    `item_vectors` are embeddings that the user brings, one row per item with `item_id` and `vector`, None without any.

    For each table `origins` says which file or database table it is, `damaged` which of its rows could not be read into
    cells, `read_as` how its bytes were understood, and `names` which of its columns are which of ours. `feed` is what
    the next ingest needs to read only what is new: a fingerprint by file, or a watermark. `given` are the parts of a
    split that the interactions came in, one after the other: train, valid or test, and how many rows each has.
    """

    interactions: pd.DataFrame
    items: pd.DataFrame | None
    users: pd.DataFrame | None
    origins: dict[str, str]
    item_vectors: pd.DataFrame | None = None
    damaged: Mapping[str, Sequence[DamagedRow]] = field(default_factory=dict)
    read_as: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    feed: Mapping[str, str] = field(default_factory=dict)
    given: Sequence[tuple[str, int]] = ()


class Source(Protocol):
    """Somewhere that interactions come from."""

    @property
    def name(self) -> str:
        """What the data version calls this source; never holds a secret."""
        ...

    def read(self) -> SourceTables:
        """All rows of the source.

        Raises:
            SourceError: the source is missing, unreadable, or lacks a column.
        """
        ...
