"""Turns the cells of a spreadsheet into a table: the first row that is not empty names the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from components.interactions.raw_table import RawTable, UnreadableError


def read_sheet(cells: Sequence[Sequence[Any]], name: str) -> RawTable:
    """The rows under the header of the sheet `name`; wholly empty rows are none. Cells keep their types.

    Raises:
        UnreadableError: the sheet is empty, or two columns have one name.
    """
    filled = [list(row) for row in cells if any(cell not in ("", None) for cell in row)]
    if not filled:
        raise UnreadableError(f"the sheet {name!r} is empty")
    header = [str(cell).strip() or f"unnamed {place + 1}" for place, cell in enumerate(filled[0])]
    if doubled := sorted({each for each in header if header.count(each) > 1}):
        raise UnreadableError(f"two columns of the sheet {name!r} are called {doubled[0]!r}; rename one of them")
    rows = [[None if cell == "" else cell for cell in row] for row in filled[1:]]
    return RawTable(pd.DataFrame(rows, columns=header, dtype=object), [], f"spreadsheet, sheet {name}")
