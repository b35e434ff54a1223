from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from components.interactions.cells import find_repeats, read_first_label, read_numbers, read_tags, read_texts


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["4,5", "3", "2,25"], [4.5, 3.0, 2.25]),
        (["1,299", "2,500"], [None, None]),
        (["4,5", "1.299,00", "1.200"], [4.5, 1299.0, 1200.0]),
        (["1,299.00", "900"], [1299.0, 900.0]),
        (["1,299,000", "2,500"], [1299000.0, 2500.0]),
        (["1.299,00", "4.5"], [None, 4.5]),
        (["1,299.00", "4,5"], [None, None]),
        (["1,299", "900", "-12"], [1299.0, 900.0, -12.0]),
        (["1,299", "1000"], [None, 1000.0]),
        (["0,500", "900"], [None, 900.0]),
        (["1,299", "4.5"], [None, 4.5]),
        (["1'299.50", "1 299", "1\u202f299\u00a0000", "7"], [1299.5, 1299.0, 1299000.0, 7.0]),
        (["1 299,50", "4,5"], [1299.5, 4.5]),
        (["1 29", "7 stars"], [None, None]),
        ([["a"], "2"], [None, 2.0]),
        (["4.5", "3,5"], [4.5, 3.5]),
        (["1e3", " 7 ", "inf"], [1000.0, 7.0, float("inf")]),
    ],
)
def test_a_comma_means_what_it_must_and_nothing_where_that_is_in_doubt(
    cells: list[str], numbers: list[float | None]
) -> None:
    read = read_numbers(pd.Series(cells, dtype=object))
    assert [None if np.isnan(number) else number for number in read] == numbers


@pytest.mark.parametrize(
    ("cell", "tags", "first"),
    [
        (["Action", "Comedy"], "Action|Comedy", "Action"),
        (np.array(["Action", "Comedy"]), "Action|Comedy", "Action"),
        ('["Action", "Comedy"]', "Action|Comedy", "Action"),
        ("['Action', 'Comedy']", "Action|Comedy", "Action"),
        ("Action|Comedy", "Action|Comedy", "Action|Comedy"),
        ("[untitled]", "[untitled]", "[untitled]"),
        ([], "", ""),
        (None, "", ""),
        (float("nan"), "", ""),
        (["a", None], "a", "a"),
    ],
)
def test_a_list_is_its_members_and_never_how_python_writes_it(cell: object, tags: str, first: str) -> None:
    raw = pd.Series([cell, "x"], dtype=object)
    assert read_tags(raw)[0] == tags
    assert read_first_label(raw)[0] == first
    if not isinstance(cell, str):
        assert read_texts(raw)[0] == tags


def test_cells_without_a_number_are_not_numbers() -> None:
    assert read_numbers(pd.Series(["4.5", "four", None, ""], dtype=object)).isna().tolist() == [False, True, True, True]


def test_of_rows_with_one_key_the_same_one_stays_in_any_order() -> None:
    frame = pd.DataFrame({"key": ["a", "b", "a", "a"], "cell": [3, 1, 2, 3]})
    assert find_repeats(frame, ["key"]).tolist() == [True, False, False, True]
    shuffled = frame.iloc[[3, 2, 1, 0]]
    assert find_repeats(shuffled, ["key"]).loc[frame.index].tolist() == [True, False, False, True]
