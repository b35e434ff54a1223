from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from components.interactions.withholding import FirstShare, UntilError, parse_until, until, withhold_future


def history() -> pd.DataFrame:
    """User a at seconds 0, 10, .. 90, user b at 5, 15 and 25."""
    return pd.DataFrame(
        {
            "user_id": ["a"] * 10 + ["b"] * 3,
            "item_id": [f"i{n}" for n in range(13)],
            "value": 4.0,
            "timestamp": [*range(0, 100, 10), 5, 15, 25],
        }
    )


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("95%", FirstShare(0.95)),
        (" 12.5 % ", FirstShare(0.125)),
        ("100%", FirstShare(1.0)),
        ("2016-01-31", datetime(2016, 1, 31, tzinfo=UTC)),
        ("2016-01-31T12:00:00", datetime(2016, 1, 31, 12, tzinfo=UTC)),
        ("2016-01-31T12:00:00Z", datetime(2016, 1, 31, 12, tzinfo=UTC)),
        ("2016-01-31T12:00:00+02:00", datetime(2016, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_until_is_a_moment_or_a_share(text: str, cut: datetime | FirstShare) -> None:
    assert parse_until(text) == cut


@pytest.mark.parametrize("text", ["", "soon", "0%", "101%", "-5%", "95", "2016-02-30"])
def test_any_other_until_is_refused_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(UntilError, match=r"until=.*ISO 8601.*2016-01-31.*95%"):
        parse_until(text)


def test_a_moment_keeps_the_rows_before_it() -> None:
    kept = until(history(), datetime(1970, 1, 1, 0, 0, 20, tzinfo=UTC))
    assert sorted(kept["timestamp"]) == [0, 5, 10, 15]


def test_a_share_keeps_the_earliest_rows_and_a_larger_share_keeps_more_of_them() -> None:
    rows = history()
    assert sorted(until(rows, FirstShare(0.5))["timestamp"]) == [0, 5, 10, 15, 20, 25]
    assert set(until(rows, FirstShare(0.5)).index) < set(until(rows, FirstShare(0.9)).index)
    assert until(rows, FirstShare(1.0)).equals(rows)


def test_rows_without_a_time_stay_for_screening_to_judge() -> None:
    rows = history().astype({"timestamp": object})
    rows.loc[3, "timestamp"] = "soon"
    assert 3 in until(rows, FirstShare(0.1)).index
    assert 3 in until(rows, datetime(1970, 1, 1, tzinfo=UTC)).index
    assert 3 in withhold_future(rows).shown.index


def test_the_last_fifth_of_each_user_is_withheld() -> None:
    withheld = withhold_future(history(), 0.2)
    assert sorted(withheld.future["timestamp"]) == [80, 90]
    assert len(withheld.shown) == 11


def test_no_shown_row_of_a_user_follows_one_of_the_future() -> None:
    withheld = withhold_future(history(), 0.4)
    last = withheld.shown.groupby("user_id")["timestamp"].max()
    first = withheld.future.groupby("user_id")["timestamp"].min()
    assert (last < first).all()


def test_the_order_of_the_rows_does_not_matter_and_the_input_stays_as_it_was() -> None:
    rows = history()
    rows["timestamp"] = 7  # all at once: only the ids decide
    shuffled = rows.sample(frac=1, random_state=1)
    before = shuffled.copy()
    assert set(until(shuffled, FirstShare(0.5)).index) == set(until(rows, FirstShare(0.5)).index)
    assert set(withhold_future(shuffled).future.index) == set(withhold_future(rows).future.index)
    assert shuffled.equals(before)
