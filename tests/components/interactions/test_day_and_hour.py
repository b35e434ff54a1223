from __future__ import annotations

from datetime import date, datetime, time

import pandas as pd
import pytest

from components.interactions.day_and_hour import find_day, join_day_and_hour
from components.interactions.timestamps import read_times

EVENING = pd.Timestamp("2019-12-31T22:30:00Z")


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        ("2019-12-31", "22:30"),
        ("31/12/2019", "10:30 PM"),
        ("2019-12-31 00:00:00", "22:30:00"),
        (date(2019, 12, 31), time(22, 30)),
        (datetime(2019, 12, 31), time(22, 30)),  # noqa: DTZ001 - as a spreadsheet has it
        (pd.Timestamp("2019-12-31"), "22:30:00.0"),
    ],
)
def test_a_day_and_a_time_of_day_are_a_moment_whatever_type_each_has(day: object, hour: object) -> None:
    frame = pd.DataFrame({"Date": [day, day], "time": [hour, None]}, dtype=object)
    assert find_day(frame, "time") == "Date"
    moments = read_times(join_day_and_hour(frame["Date"], frame["time"]))
    assert moments.tolist() == [EVENING, EVENING.normalize()]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"date": ["2019-12-31"], "time": ["2019-12-31 10:30"]}),
        pd.DataFrame({"date": ["2019-12-31"], "time": [1577831400]}),
        pd.DataFrame({"date": ["10:30"], "time": ["10:30"]}),
        pd.DataFrame({"title": ["2019-12-31"], "time": ["10:30"]}),
        pd.DataFrame({"date": ["2019-12-31"], "time": [None]}),
    ],
)
def test_nothing_is_joined_where_there_is_no_time_of_day_or_no_day(frame: pd.DataFrame) -> None:
    assert find_day(frame, "time") is None


def test_without_a_day_there_is_no_moment() -> None:
    joined = join_day_and_hour(pd.Series([None, ""], dtype=object), pd.Series(["10:30", "10:30"]))
    assert joined.isna().all()
