"""Laws of the splits that ask for last interactions."""

from __future__ import annotations

import pandas as pd
import pytest

from components.splitting.last_ones import leave_one_out, timeline
from components.splitting.temporal import SplitError
from tests.worlds import make_tables

INTERACTIONS, _, _ = make_tables(n_users=7, n_items=13, n_each=11)
WHOLE = ["user_id", "item_id", "timestamp"]


def rows(*tables: pd.DataFrame) -> list[tuple[object, ...]]:
    return sorted(pd.concat(tables)[WHOLE].itertuples(index=False, name=None))


def test_the_last_is_asked_for_and_the_one_before_is_learnt_from_by_nobody() -> None:
    parts = leave_one_out(INTERACTIONS)
    last_two = INTERACTIONS.groupby("user_id").tail(2)
    assert rows(parts.test) == rows(INTERACTIONS.groupby("user_id").tail(1))
    assert rows(parts.later, parts.test) == rows(last_two)
    assert rows(parts.train) == rows(INTERACTIONS.drop(last_two.index))
    assert parts.chosen_by


def test_with_refit_the_one_before_is_learnt_from() -> None:
    strict, refit = leave_one_out(INTERACTIONS), leave_one_out(INTERACTIONS, refit=True)
    assert rows(refit.train) == rows(strict.train, strict.later)
    assert (len(refit.later), refit.chosen_by) == (0, False)


def test_who_has_fewer_than_three_is_learnt_from_alone() -> None:
    parts = leave_one_out(pd.concat([INTERACTIONS, INTERACTIONS.head(1).assign(user_id="new")]))
    assert "new" in set(parts.train["user_id"])
    assert "new" not in set(parts.test["user_id"]) | set(parts.later["user_id"])


def test_rows_of_one_moment_keep_their_order() -> None:
    same = INTERACTIONS[INTERACTIONS["user_id"] == "u00"].copy()
    same.loc[same.index[-3:], "timestamp"] = same["timestamp"].max()
    given = pd.concat([same.iloc[:-3], same.iloc[[-1, -3, -2]]])
    parts = leave_one_out(given)
    assert parts.test["item_id"].tolist() == [same["item_id"].iloc[-2]]
    assert parts.later["item_id"].tolist() == [same["item_id"].iloc[-3]]


def test_nothing_after_the_cut_is_learnt_and_the_last_of_each_user_after_it_is_asked_for() -> None:
    parts = timeline(INTERACTIONS, 0.3)
    cut = min(parts.test["timestamp"].min(), parts.later["timestamp"].min())
    assert parts.train["timestamp"].max() < cut
    after = INTERACTIONS[INTERACTIONS["timestamp"] >= cut]
    assert rows(parts.test) == rows(after.groupby("user_id").tail(1))
    assert rows(parts.train, parts.later, parts.test) == rows(INTERACTIONS)


def test_places_are_no_moments() -> None:
    start = pd.Timestamp("1970-01-01", tz="UTC")
    places = INTERACTIONS.groupby("user_id").cumcount()
    placed = INTERACTIONS.assign(timestamp=start + pd.to_timedelta(places + 1, unit="s"))
    assert len(leave_one_out(placed).test) == 7
    with pytest.raises(SplitError, match="leave-one-out"):
        timeline(placed, 0.2)


@pytest.mark.parametrize("cut", [leave_one_out, lambda rows: timeline(rows, 0.2)])
def test_what_has_no_order_is_refused(cut: object) -> None:
    assert callable(cut)
    with pytest.raises(SplitError, match="no interactions"):
        cut(INTERACTIONS.head(0))
    with pytest.raises(SplitError, match="no times"):
        cut(INTERACTIONS.assign(timestamp=pd.Timestamp("1970-01-01", tz="UTC")))
