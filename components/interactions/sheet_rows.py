"""Turns the cells of a spreadsheet into a table.

The first row that names the columns of a table is its header, and where none of the first does, the first that is not
empty: exports put a title before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from components.interactions.column_names import TABLE_NAMES
from components.interactions.preamble import names_a_table
from components.interactions.raw_table import RawTable, UnreadableError

ROWS_BEFORE = 20

Cells = Sequence[Sequence[Any]]
Place = tuple[int, int]


def choose_sheet(sheets: Mapping[str, Cells], table: str) -> str:
    """The sheet with the name of `table`, else the first that names the columns of a table, else the first; of each the
    first rows are given."""
    known = TABLE_NAMES.get(table, table).split()
    if named := [name for name in sheets if name.strip().casefold() in known]:
        return min(named, key=lambda name: known.index(name.strip().casefold()))
    headed = (name for name, head in sheets.items() if any(map(_is_header, head)))
    return next(headed, next(iter(sheets)))


def fill_merged(cells: Cells, merged: Iterable[tuple[Place, Place]], start: Place = (0, 0)) -> list[list[Any]]:
    """What stands in a cell that is merged down a column stands in each of its rows.

    `merged` has the row and column of the first and the last cell of each, `start` those of the first of `cells`.
    """
    filled = [list(row) for row in cells]
    for (top, left), (bottom, right) in merged:
        first, column = top - start[0], left - start[1]
        if left == right and 0 <= first < len(filled):
            for row in filled[first + 1 : bottom - start[0] + 1]:
                row[column] = filled[first][column]
    return filled


def read_sheet(cells: Cells, name: str) -> RawTable:
    """The rows under the header of the sheet `name`; wholly empty rows are none. Cells keep their types.

    Raises:
        UnreadableError: the sheet is empty, or two columns have one name.
    """
    filled = [list(row) for row in cells if any(cell not in ("", None) for cell in row)]
    if not filled:
        raise UnreadableError(f"the sheet {name!r} is empty")
    before = next((place for place, row in enumerate(filled[:ROWS_BEFORE]) if _is_header(row)), 0)
    filled = filled[before:]
    header = [str(cell).strip() or f"unnamed {place + 1}" for place, cell in enumerate(filled[0])]
    if doubled := sorted({each for each in header if header.count(each) > 1}):
        raise UnreadableError(f"two columns of the sheet {name!r} are called {doubled[0]!r}; rename one of them")
    title = f", {before} rows before the header" if before else ""
    rows = [[None if cell == "" else cell for cell in row] for row in filled[1:]]
    return RawTable(pd.DataFrame(rows, columns=header, dtype=object), [], f"spreadsheet, sheet {name}{title}")


def _is_header(row: Sequence[Any]) -> bool:
    return names_a_table([str(cell).strip() for cell in row])
