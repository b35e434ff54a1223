"""What a reader gives: the rows of a table as they stand, those that are no rows of it, and how it was read."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

WRONG_WIDTH = "the row has another number of cells than the header"
OPEN_QUOTE = "a quote is opened and not closed"
NOT_UTF8 = "the row holds bytes that are no UTF-8"
HEADER_AGAIN = "the row repeats the header"
NO_JSON = "the line is no JSON object"


class UnreadableError(Exception):
    """Bytes are no table; the message says what is wrong, without the name of the file."""


@dataclass(frozen=True)
class DamagedRow:
    """A row that could not be read into cells: its number from 0, why, and what stands there."""

    number: int
    reason: str
    text: str


@dataclass(frozen=True)
class RawTable:
    """`frame` has the number of each row in the file as index, from 0, the header not counted.

    Every row of the file is in `frame` or in `damaged`. `read_as` says in words how the bytes were understood.
    """

    frame: pd.DataFrame
    damaged: list[DamagedRow] = field(default_factory=list)
    read_as: str = ""

    @property
    def rows(self) -> int:
        """How many rows the file has."""
        return len(self.frame) + len(self.damaged)
