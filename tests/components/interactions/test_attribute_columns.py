"""Every further column of an items table becomes a typed attribute, whatever the source gave it as."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.stated_params import stated
from components.config.ingest import IngestConfig
from components.interactions.attribute_columns import attributes_of, pack_attributes
from components.interactions.attributes import unpack_attributes
from components.interactions.row_checks import check_items
from components.interactions.screening import screen
from components.interactions.source import SourceTables

CONFIG = stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0, implicit_value=5.0)
RAW = pd.DataFrame(
    {
        "item_id": ["1", "2", "3"],
        "title": ["A", "B", "C"],
        "pages": ["300", "", "12.5"],
        "author": ["Ann Lee|Bo Ek", "", "Cy Or"],
        "binding": ["hard", "soft", ""],
    }
)


def test_numbers_lists_and_texts_are_told_apart_and_gaps_have_no_entry() -> None:
    rows = [unpack_attributes(text) for text in pack_attributes(RAW)]
    assert rows == [
        {"pages": 300.0, "author": ("Ann Lee", "Bo Ek"), "binding": "hard"},
        {"binding": "soft"},
        {"pages": 12.5, "author": ("Cy Or",)},
    ]


def test_lists_and_numbers_of_a_typed_file_are_taken_as_they_are() -> None:
    typed = pd.DataFrame(
        {
            "item_id": ["1", "2"],
            "cast": [np.array(["X", "Y"], object), None],
            "pages": [3, np.nan],
            "good": [True, None],
        }
    )
    rows = [unpack_attributes(text) for text in pack_attributes(typed)]
    assert rows == [{"cast": ("X", "Y"), "good": "True", "pages": 3.0}, {}]


def test_a_column_with_one_cell_that_is_no_number_is_of_texts() -> None:
    mixed = pd.DataFrame({"item_id": ["1", "2"], "size": ["12", "large"]})
    assert [unpack_attributes(text) for text in pack_attributes(mixed)] == [{"size": "12"}, {"size": "large"}]


def test_what_was_packed_once_is_packed_again_unchanged() -> None:
    once = check_items(RAW).rows
    again = check_items(once).rows
    pd.testing.assert_frame_equal(once, again)


def test_damaged_attributes_are_none() -> None:
    assert [unpack_attributes(text) for text in ("", "[1]", "{", "null", '{"a": NaN}', '{"a": {"b": 1}}')] == [{}] * 6


def test_an_items_table_from_before_has_none() -> None:
    assert attributes_of(RAW[["item_id", "title"]]) == [{}, {}, {}]


def test_a_data_version_keeps_them_whatever_the_order_of_the_rows() -> None:
    interactions = pd.DataFrame(
        {"user_id": ["u"] * 3, "item_id": ["3", "1", "2"], "value": ["4"] * 3, "timestamp": ["2020-01-01"] * 3}
    )
    shuffled = RAW.iloc[[2, 0, 1]]
    one, other = (screen(SourceTables(interactions, items, None, {}), CONFIG).items for items in (RAW, shuffled))
    pd.testing.assert_frame_equal(one, other)
    assert attributes_of(one)[0]["author"] == ("Ann Lee", "Bo Ek")
