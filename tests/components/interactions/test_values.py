"""What interactions are worth: counts of rows that say the same add up, weights and implied values do not."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.stated_params import stated
from components.config.ingest import IngestConfig
from components.interactions.screening import Screened, screen
from components.interactions.source import SourceTables

ORIGINS = {"interactions": "plays.csv"}


def screened(raw: pd.DataFrame, **options: object) -> Screened:
    bounds = {"max_bad_share": 0.5, "min_value": 0.5, "max_value": 5.0, "implicit_value": 5.0}
    return screen(SourceTables(raw, None, None, ORIGINS), stated(IngestConfig, **{**bounds, **options}))


def worth(found: Screened) -> dict[tuple[str, str, str], float]:
    rows = found.interactions
    return dict(zip(zip(rows["user_id"], rows["item_id"], rows["type"], strict=True), rows["value"], strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_counts_of_rows_that_are_merged_add_up_in_any_order(seed: int) -> None:
    raw = pd.DataFrame(
        {"user_id": ["u", "u", "u", "v"], "item_id": ["a", "a", "b", "a"], "value": ["1", "2", "9", "4"]}
    ).sample(frac=1, random_state=seed, ignore_index=True)
    found = screened(raw, values="counts")
    assert worth(found) == {("u", "a", "rating"): 3.75, ("u", "b", "rating"): 4.5, ("v", "a", "rating"): 4.0}
    assert found.merged == {"interactions": 1}


def test_rows_without_a_value_count_one_each() -> None:
    raw = pd.DataFrame({"user_id": ["u"] * 5, "item_id": ["a", "a", "a", "a", "b"]})
    assert worth(screened(raw, values="counts")) == {("u", "a", "view"): 4.0, ("u", "b", "view"): 2.5}
    assert worth(screened(raw)) == {("u", "a", "view"): 5.0, ("u", "b", "view"): 5.0}


def test_repeats_at_different_times_stay_apart() -> None:
    raw = pd.DataFrame({"user_id": ["u"] * 3, "item_id": ["a"] * 3, "timestamp": [1600000000, 1600000001, 1600000001]})
    found = screened(raw, values="counts")
    assert found.interactions["value"].tolist() == pytest.approx([2.5, 5 * 2 / 3])


def test_what_a_type_weighs_and_what_is_implied_is_not_added_up() -> None:
    raw = pd.DataFrame(
        {
            "user_id": ["u"] * 6,
            "item_id": ["a"] * 6,
            "type": ["buy", "buy", "play", "play", "look", "look"],
            "value": ["1", "1", "1", "3", "", ""],
        }
    )
    found = screened(raw, values="counts", weights={"buy": 3.0}, implicit_value=2.0)
    assert worth(found) == {("u", "a", "buy"): 3.0, ("u", "a", "play"): 4.0, ("u", "a", "look"): 2.0}


def test_a_bad_row_adds_nothing() -> None:
    raw = pd.DataFrame({"user_id": ["u", "u", "u"], "item_id": ["a", "a", "a"], "value": ["1", "many", "-3"]})
    assert worth(screened(raw, values="counts")) == {("u", "a", "rating"): 2.5}


def test_types_weigh_whatever_their_case_and_a_weight_of_no_type_is_told() -> None:
    raw = pd.DataFrame({"user_id": ["u"] * 3, "item_id": ["a", "b", "c"], "type": ["VIEW", "Purchase ", "gift"]})
    found = screened(raw, weights={"view": 1.0, "PURCHASE": 4.0, "purchse": 2.0})
    assert worth(found) == {("u", "a", "VIEW"): 1.0, ("u", "b", "Purchase"): 4.0, ("u", "c", "gift"): 5.0}
    told = " ".join(found.notes["interactions"])
    assert "no interaction has the type purchse" in told
    assert "1 interactions have a type that ingest.weights lacks: gift" in told


def test_what_takes_a_like_back_is_never_a_like() -> None:
    kinds = ["like", "Dislike", "refund", "dislike"]
    raw = pd.DataFrame({"user_id": ["u"] * 4, "item_id": list("abcd"), "type": kinds})
    assert list(worth(screened(raw)).values()) == [5.0, 0.5, 0.5, 0.5]
    assert list(worth(screened(raw.assign(value=["", "", "NULL", "4"]))).values()) == [5.0, 0.5, 0.5, 4.0]
    assert list(worth(screened(raw, weights={"refund": -5.0})).values()) == [5.0, 0.5, -5.0, 0.5]


def test_a_column_of_true_and_false_is_one_of_ones_and_zeros() -> None:
    raw = pd.DataFrame({"user_id": ["u", "v"], "item_id": ["a", "a"], "value": ["True", "false"]})
    for values in (raw["value"], pd.Series([True, False])):
        found = screened(raw.assign(value=values), values="ratings")
        assert list(worth(found).values()) == [5.0, 0.5]
    assert screened(raw.assign(value=["True", "4"])).reasons_of("interactions") == {"value is not a number": 1}
