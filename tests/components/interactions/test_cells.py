from __future__ import annotations

import pandas as pd

from components.interactions.cells import find_repeats, read_ids, read_numbers


def test_ids_are_the_text_of_the_source_and_null_where_it_has_none() -> None:
    raw = pd.Series(["007", " ", "", None, float("nan"), "NaN", "null", 42], dtype=object)
    assert read_ids(raw).fillna("-").tolist() == ["007", "-", "-", "-", "-", "-", "-", "42"]


def test_integers_that_a_gap_widened_to_floats_are_the_integers_they_were() -> None:
    assert read_ids(pd.Series([1.0, None, 42.0])).dropna().tolist() == ["1", "42"]
    assert read_ids(pd.Series(["1.0", "", "42.0"])).dropna().tolist() == ["1", "42"]


def test_ids_that_only_look_like_floats_here_and_there_stay_as_they_are() -> None:
    assert read_ids(pd.Series(["1.0", "1.1"])).tolist() == ["1.0", "1.1"]


def test_cells_without_a_number_are_not_numbers() -> None:
    assert read_numbers(pd.Series(["4.5", "four", None, ""], dtype=object)).isna().tolist() == [False, True, True, True]


def test_of_rows_with_one_key_the_same_one_stays_in_any_order() -> None:
    frame = pd.DataFrame({"key": ["a", "b", "a", "a"], "cell": [3, 1, 2, 3]})
    assert find_repeats(frame, ["key"]).tolist() == [True, False, False, True]
    shuffled = frame.iloc[[3, 2, 1, 0]]
    assert find_repeats(shuffled, ["key"]).loc[frame.index].tolist() == [True, False, False, True]
