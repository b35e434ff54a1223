from __future__ import annotations

import pytest

from components.interactions.sheet_rows import choose_sheet, fill_merged, read_sheet
from components.interactions.source import INTERACTIONS, ITEMS

LOG = [["Customer ID", "SKU"], [1, "a"]]
SHEETS = {"Notes": [["Read me", "user"]], "Data": LOG, "Products": [["SKU", "Name"], ["a", "A"]]}


@pytest.mark.parametrize(
    ("sheets", "table", "chosen"),
    [
        (SHEETS, INTERACTIONS, "Data"),
        (SHEETS, ITEMS, "Products"),
        ({**SHEETS, " Orders ": LOG}, INTERACTIONS, " Orders "),
        ({"Notes": [["Read me"]], "More": [[1, 2]]}, INTERACTIONS, "Notes"),
    ],
)
def test_the_sheet_with_the_tables_name_then_with_a_tables_columns_then_the_first(
    sheets: dict[str, list[list[object]]], table: str, chosen: str
) -> None:
    assert choose_sheet(sheets, table) == chosen


def test_a_cell_that_is_merged_down_stands_in_each_row_and_one_merged_across_in_one() -> None:
    cells = [["u", "i"], ["a", 1], ["", 2], ["", 3], ["b", 4]]
    merged = [((3, 2), (5, 2)), ((2, 2), (2, 3)), ((0, 2), (1, 2))]
    assert fill_merged(cells, merged, start=(2, 2)) == [["u", "i"], ["a", 1], ["a", 2], ["a", 3], ["b", 4]]
    assert cells[2] == ["", 2]


def test_rows_before_the_header_are_left_out_and_said() -> None:
    read = read_sheet([["Sales", ""], ["", ""], *LOG], "Sheet1")
    assert read.frame.to_dict("records") == [{"Customer ID": 1, "SKU": "a"}]
    assert read.read_as == "spreadsheet, sheet Sheet1, 1 rows before the header"
