from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from benchmarks.stated_params import stated
from components.config.ingest import IngestConfig
from components.interactions.columns import ATTRIBUTES, ITEM_COLUMNS
from components.interactions.screening import Screened, screen
from components.interactions.source import SourceTables

CONFIG = stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0, implicit_value=5.0)
ITEMS = pd.DataFrame({"item_id": ["i1", "i2"], "title": ["One", "Two"]})


def interactions(**damage: Any) -> pd.DataFrame:
    """Four good rows as text; `damage` overwrites cells of the row with label 2."""
    rows = pd.DataFrame(
        {
            "user_id": ["u2", "u1", "u1", "u2"],
            "item_id": ["i1", "i1", "i2", "i2"],
            "value": ["4.0", "3.5", "5", "0.5"],
            "timestamp": ["20", "10", "30", "40"],
        }
    )
    for name, cell in damage.items():
        rows.loc[2, name] = cell
    return rows


def screened(raw: pd.DataFrame, items: pd.DataFrame | None = ITEMS, users: pd.DataFrame | None = None) -> Screened:
    return screen(SourceTables(raw, items, users, {}), CONFIG)


def test_good_rows_come_out_typed_and_in_time_order() -> None:
    result = screened(interactions())
    expected = pd.DataFrame(
        {
            "user_id": ["u1", "u2", "u1", "u2"],
            "item_id": ["i1", "i1", "i2", "i2"],
            "value": [3.5, 4.0, 5.0, 0.5],
            "type": ["rating"] * 4,
            "timestamp": pd.to_datetime([10, 20, 30, 40], unit="s", utc=True).astype("datetime64[ns, UTC]"),
        }
    )
    assert_frame_equal(result.interactions, expected)
    assert result.users["user_id"].tolist() == ["u1", "u2"]
    assert result.items.columns.tolist() == [*ITEM_COLUMNS, ATTRIBUTES]
    assert result.quarantine.empty
    assert result.bad_share_of("interactions") == 0


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ({"user_id": None}, "null user_id"),
        ({"user_id": " "}, "null user_id"),
        ({"item_id": ""}, "null item_id"),
        ({"value": "five"}, "value is not a number"),
        ({"value": None}, "value is not a number"),
        ({"value": "5.5"}, "value out of range"),
        ({"value": "inf"}, "value out of range"),
        ({"value": "-1"}, "value out of range"),
        ({"timestamp": "soon"}, "unparsable timestamp"),
        ({"timestamp": None}, "unparsable timestamp"),
        ({"item_id": "i9"}, "unknown item"),
        ({"item_id": "i1", "timestamp": "10", "value": "9"}, "value out of range"),
        ({"user_id": "1.5E+12"}, "user_id was rounded by a spreadsheet; export the column as text"),
    ],
)
def test_a_bad_row_goes_to_quarantine_with_its_number_its_reason_and_its_cells(
    damage: dict[str, Any], reason: str
) -> None:
    raw = interactions(**damage)
    result = screened(raw)
    assert len(result.interactions) == 3
    assert len(result.quarantine) == 1
    row = result.quarantine.iloc[0].to_dict()
    source = raw.fillna("").loc[2].to_dict()
    assert row == {"table": "interactions", "row": 3, "reason": reason, **source, "title": ""}
    assert result.bad_share_of("interactions") == 0.25


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"item_id": None, "title": "Three"}, "null item_id"),
        ({"item_id": "x" * 300, "title": "Three"}, "item_id is longer than 256 characters"),
    ],
)
def test_a_bad_item_goes_to_quarantine(cells: dict[str, Any], reason: str) -> None:
    items = pd.concat([ITEMS.assign(price="1.5"), pd.DataFrame([{"price": None, **cells}])], ignore_index=True)
    result = screened(interactions(), items)
    assert result.items["item_id"].tolist() == ["i1", "i2"]
    assert result.quarantine[["table", "row", "reason"]].to_numpy().tolist() == [["items", 3, reason]]


@pytest.mark.parametrize(
    "damage",
    [
        {"item_id": "i1", "timestamp": "10", "value": "3.5"},
        {"item_id": "i1", "timestamp": "1970-01-01T00:00:10Z", "value": "4"},
        {"item_id": " i1", "user_id": "u1 ", "timestamp": "10", "value": "3.5"},
    ],
)
def test_rows_with_one_key_are_merged_counted_and_not_bad(damage: dict[str, Any]) -> None:
    result = screened(interactions(**damage))
    assert (len(result.interactions), result.merged, len(result.quarantine)) == (3, {"interactions": 1}, 0)
    assert result.bad_share_of("interactions") == 0


def test_items_and_users_that_stand_twice_are_merged_and_the_first_in_order_of_text_stays() -> None:
    items = pd.concat([ITEMS, pd.DataFrame({"item_id": ["i2", "i2"], "title": ["Two", "A second title"]})])
    users = pd.DataFrame({"user_id": ["u1", "u1 "]})
    result = screened(interactions(), items.reset_index(drop=True), users)
    assert result.items["title"].tolist() == ["One", "A second title"]
    assert result.merged == {"items": 2, "users": 1}
    assert result.quarantine.empty


def test_an_infinite_price_is_none() -> None:
    result = screened(interactions(), ITEMS.assign(price=["inf", "2.5"]))
    assert result.quarantine.empty
    assert result.items["price"].fillna(-1).tolist() == [-1, 2.5]
    assert any("'inf'" in note for note in result.notes["items"])


def test_no_optional_column_costs_a_row_and_each_says_what_it_lost() -> None:
    items = ITEMS.assign(title=["One", ""], price=["free", "-1"], category=[None, "x"], tags=[None, None])
    result = screened(interactions(type=""), items)
    assert result.quarantine.empty
    assert result.items[["title", "price"]].fillna("-").to_numpy().tolist() == [["One", "-"], ["i2", "-"]]
    assert any("'free'" in note for note in result.notes["items"])
    assert any("1 items have no title" in note for note in result.notes["items"])
    assert result.interactions["type"].tolist() == ["rating"] * 4


def test_an_interaction_with_a_bad_item_is_of_an_unknown_item() -> None:
    result = screened(interactions(), ITEMS.assign(item_id=["i1", ""]))
    assert result.reasons_of("interactions") == {"unknown item": 2}
    assert result.reasons_of("items") == {"null item_id": 1}


def test_a_source_without_times_is_taken_and_says_so_and_one_whose_times_nobody_can_read_is_not() -> None:
    result = screened(interactions().drop(columns="timestamp"))
    assert (result.timed, len(result.interactions)) == (False, 4)
    assert any("no times" in note for note in result.notes["interactions"])
    assert screened(interactions().assign(timestamp="soon")).timed
    assert screened(interactions().assign(timestamp="soon")).reasons_of("interactions") == {"unparsable timestamp": 4}


def test_rows_that_a_filter_leaves_out_are_in_the_quarantine_and_are_not_bad() -> None:
    raw = interactions().assign(quantity=["1", "-1", "2", "x"])
    config = CONFIG.model_copy(update={"filters": ["quantity > 0", "user_id !~ 2$"]})
    result = screen(SourceTables(raw, ITEMS, None, {}), config)
    assert result.interactions["item_id"].tolist() == ["i2"]
    assert result.bad_share_of("interactions") == 0
    assert result.reasons_of("interactions") == {
        "left out by the filter quantity > 0": 2,
        "left out by the filter user_id !~ 2$": 1,
    }


def test_users_keep_their_attributes_and_active_users_without_any_are_added() -> None:
    users = pd.DataFrame({"user_id": ["u3", "u1", None, "u3"], "country": ["FR", None, "DE", "FR"]})
    result = screened(interactions(), users=users)
    assert result.users.to_dict("list") == {"user_id": ["u1", "u2", "u3"], "country": ["", "", "FR"]}
    assert (result.reasons_of("users"), result.merged) == ({"null user_id": 1}, {"users": 1})


def test_without_an_items_table_the_items_are_those_of_the_interactions() -> None:
    raw = interactions().assign(
        title=["One", "", None, None], category=["x", "x", "", ""], price=["", "2.5", "?", "-1"]
    )
    items = screened(raw, None).items
    assert items["item_id"].tolist() == ["i1", "i2"]
    assert items["title"].tolist() == ["One", "i2"]
    assert items["category"].tolist() == ["x", ""]
    assert items["price"].fillna(-1).tolist() == [2.5, -1]


def test_the_order_of_the_rows_changes_only_their_numbers_in_the_quarantine() -> None:
    raw = pd.concat([interactions(user_id=None), interactions(value="4.5"), interactions(timestamp="x")])
    raw = raw.reset_index(drop=True)
    shuffled = raw.sample(frac=1, random_state=3).reset_index(drop=True)
    first, second = screened(raw), screened(shuffled)
    assert_frame_equal(first.interactions, second.interactions)
    assert_frame_equal(first.items, second.items)
    assert_frame_equal(first.users, second.users)

    def rows(result: Screened) -> list[list[str]]:
        return sorted(result.quarantine.drop(columns=["row"]).to_numpy().tolist())

    assert rows(first) == rows(second)


def test_a_cut_table_keeps_the_row_numbers_of_its_source() -> None:
    raw = interactions(value="9").loc[[2, 3]]
    assert screened(raw).quarantine["row"].tolist() == [3]


def test_screening_leaves_its_input_as_it_was() -> None:
    raw, items = interactions(value="9"), ITEMS.copy()
    before = raw.copy()
    screened(raw, items)
    assert_frame_equal(raw, before)
    assert_frame_equal(items, ITEMS)


def test_an_empty_source_gives_empty_tables() -> None:
    result = screened(interactions().iloc[:0])
    assert len(result.interactions) == len(result.users) == len(result.quarantine) == 0
    assert result.bad_share_of("interactions") == 0


def test_typed_columns_give_what_text_gives() -> None:
    typed = interactions().astype({"value": float, "timestamp": "int64"})
    assert_frame_equal(screened(typed).interactions, screened(interactions()).interactions)


def test_interactions_without_values_count_as_implicit_ones_and_are_views_unless_they_say_otherwise() -> None:
    silent = interactions().drop(columns="value")
    result = screened(silent).interactions
    assert (result["value"].tolist(), result["type"].tolist()) == ([5.0] * 4, ["view"] * 4)
    assert screened(silent.assign(type="purchase")).interactions["type"].tolist() == ["purchase"] * 4
    assert screened(interactions()).interactions["type"].tolist() == ["rating"] * 4


def test_an_items_table_without_titles_calls_each_item_by_its_id() -> None:
    assert screened(interactions(), ITEMS[["item_id"]]).items["title"].tolist() == ["i1", "i2"]
