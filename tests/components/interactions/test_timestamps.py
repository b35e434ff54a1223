from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.interactions.time_numbers import YEAR_ALONE
from components.interactions.timestamps import (
    AMBIGUOUS,
    OTHER_ZONE,
    ROUNDED_TIME,
    TIME_OF_DAY,
    UNREADABLE,
    interpret_times,
    read_times,
)

MOMENT = pd.Timestamp("2009-12-14T02:52:24Z")


@pytest.mark.parametrize(
    "cell",
    [
        1260759144,
        1260759144.0,
        "1260759144",
        "1260759144000",
        1260759144_000_000,
        1260759144_000_000_000,
        "2009-12-14T02:52:24Z",
        "2009-12-14 02:52:24",
        "2009-12-14T03:52:24+01:00",
        "2009-12-14T08:22:24+0530",
        "2009-12-14 02:52:24,000",
        "14/Dec/2009:02:52:24",
        "[13/Dec/2009:19:52:24 -0700]",
        "14.12.2009 02.52.24",
        "14/12/09 2:52:24 AM",
        "14-12-2009, 02:52:24.000",
        "2009/12/14 02:52:24",
        "2009-12-14 04:52:24 GMT+2",
        "2009-12-14 08:22:24 UTC+0530",
        "2009-12-13 23:22:24 GMT-3:30",
        "2009-12-14T03:52:24+01:00[Europe/Paris]",
        "2009-12-14 02:52:24 +0000 UTC",
        "2009-12-14 02:52:24 (UTC)",
        "14 Dec 2009 02:52:24",
        "Mon, 14 Dec 2009 02:52:24 GMT",
        (1260759144 + 11_644_473_600) * 10**7,
        (1260759144 + 62_135_596_800) * 10**7,
        (1260759144 + 11_644_473_600) * 10**6,
        datetime(2009, 12, 14, 2, 52, 24),  # noqa: DTZ001 - a database column without a zone
    ],
)
def test_every_way_to_write_a_moment_reads_as_that_moment(cell: object) -> None:
    times = read_times(pd.Series([cell], dtype=object))
    assert times.dtype == "datetime64[ns, UTC]"
    assert times[0] == MOMENT


@pytest.mark.parametrize("cell", ["", "soon", None, np.nan, "nan", "inf", -5, "99999999999999", "2016-02-30", "1e300"])
def test_what_is_no_plausible_time_reads_as_none(cell: object) -> None:
    assert read_times(pd.Series([cell, "2016-01-01"], dtype=object)).isna().tolist() == [True, False]


def test_times_keep_their_precision_and_their_index() -> None:
    moments = pd.Series(pd.to_datetime(["2016-01-01T00:00:00.123456789"]), index=[7])
    assert read_times(moments)[7] == pd.Timestamp("2016-01-01T00:00:00.123456789Z")
    zoned = moments.dt.tz_localize("Europe/Paris")
    assert read_times(zoned)[7] == pd.Timestamp("2015-12-31T23:00:00.123456789Z")
    read = read_times(pd.Series(["1500000000.123456"]))[0]
    assert abs(read - pd.Timestamp("2017-07-14T02:40:00.123456Z")) < pd.Timedelta("1us")


def test_an_empty_column_reads_as_an_empty_column() -> None:
    assert read_times(pd.Series([], dtype=object)).dtype == "datetime64[ns, UTC]"


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris"])
@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_a_sentinel_beyond_nanoseconds_in_a_parquet_file_reads_as_no_time(
    tmp_path: Path, zone: str | None, unit: str
) -> None:
    cells = [datetime(2016, 1, 1), datetime(9999, 12, 31), datetime(1, 1, 2), None]  # noqa: DTZ001 - the zone is added
    column = pa.array(cells, pa.timestamp(unit)).cast(pa.timestamp(unit, zone))
    pq.write_table(pa.table({"at": column}), tmp_path / "at.parquet")
    read = read_times(pd.read_parquet(tmp_path / "at.parquet")["at"])
    assert read.dtype == "datetime64[ns, UTC]"
    assert read.isna().tolist() == [False, True, True, True]
    assert read[0] == pd.Timestamp("2016-01-01", tz="UTC")


def test_a_sentinel_date_reads_as_no_time() -> None:
    cells = pd.Series([date(9999, 12, 31), datetime(9999, 12, 31), "9999-12-31", date(2016, 1, 1)], dtype=object)  # noqa: DTZ001
    assert read_times(cells).isna().tolist() == [True, True, True, False]


def test_the_year_2100_is_not_plausible_and_the_moment_before_is() -> None:
    cells = pd.Series(["2100-01-01T00:00:00Z", "2099-12-31T23:59:59Z"])
    assert read_times(cells).isna().tolist() == [True, False]


@pytest.mark.parametrize("moment", ["1973-06-01", "2000-01-01", "2090-01-01"])
@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
def test_the_unit_of_a_number_is_told_by_its_size(moment: str, unit: int) -> None:
    at = pd.Timestamp(moment, tz="UTC")
    assert read_times(pd.Series([int(at.timestamp()) * unit], dtype=object))[0] == at


def test_years_of_two_digits_below_seventy_are_of_this_century() -> None:
    read = read_times(pd.Series(["14/02/69", "15/03/70"]))
    assert list(read) == [pd.Timestamp("2069-02-14", tz="UTC"), pd.Timestamp("1970-03-15", tz="UTC")]


def test_the_first_moment_of_1970_is_a_time_and_the_one_before_is_none() -> None:
    cells = pd.Series(["1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2016-01-01"], dtype=object)
    assert read_times(cells).isna().tolist() == [False, True, False]


@pytest.mark.parametrize("years", [(1900, 2016), (2016, 2100), (1985, 2016)])
def test_a_column_of_years_is_no_column_of_times(years: tuple[int, ...]) -> None:
    found = interpret_times(pd.Series(years, dtype=object))
    assert found.times.isna().all()
    assert (found.faults == YEAR_ALONE).all()


def test_numbers_beyond_the_years_are_seconds() -> None:
    found = interpret_times(pd.Series([1_899, 1_500_000_000], dtype=object))
    assert (found.faults != YEAR_ALONE).all()
    assert found.times[1] == pd.Timestamp(1_500_000_000, unit="s", tz="UTC")


def test_days_of_a_spreadsheet_count_from_the_end_of_1899_to_the_millisecond() -> None:
    read = read_times(pd.Series([45_000.0, 45_000.25, 44_999.000_011_574_07], dtype=object))
    assert read.tolist() == [
        pd.Timestamp("2023-03-15", tz="UTC"),
        pd.Timestamp("2023-03-15T06:00", tz="UTC"),
        pd.Timestamp("2023-03-14T00:00:01", tz="UTC"),
    ]


@pytest.mark.parametrize(
    ("cell", "hour"), [("3/25/2024 12:30 AM", 0), ("3/25/2024 12:30 PM", 12), ("3/25/2024 1:30 PM", 13)]
)
def test_noon_and_midnight_are_twelve_by_the_halves_of_a_day(cell: str, hour: int) -> None:
    assert read_times(pd.Series([cell], dtype=object))[0] == pd.Timestamp(2024, 3, 25, hour, 30, tz="UTC")


def test_a_number_in_which_a_spreadsheet_has_rounded_days_away_is_no_time_and_one_with_all_its_digits_is() -> None:
    read = interpret_times(pd.Series(["1.26076E+09", "1.27E+09", ""]))
    assert read.faults.tolist() == [ROUNDED_TIME] * 3
    assert read_times(pd.Series(["1.260759144E+09", "1.260759144e+09"])).tolist() == [MOMENT] * 2
    assert read_times(pd.Series(["1E+09", "1260759144", "1260759144"]))[1] == MOMENT


def test_a_time_of_day_says_that_it_lacks_the_day() -> None:
    assert interpret_times(pd.Series(["10:30", "9:15:00 pm", "2009-12-14"])).faults.tolist() == [TIME_OF_DAY] * 2 + [""]


@pytest.mark.parametrize(
    ("cells", "read", "read_as"),
    [
        (["25/12/2019", "01/02/2019"], ["2019-12-25", "2019-02-01"], "day first"),
        (["12/25/2019", "01/02/2019"], ["2019-12-25", "2019-01-02"], "month first"),
        (["12/12/2019", "13/12/2019", "11/12/2019"], ["2019-12-12", "2019-12-13", "2019-12-11"], "day first"),
        (["12/12/2019", "12/13/2019", "12/11/2019"], ["2019-12-12", "2019-12-13", "2019-12-11"], "month first"),
        (["14/13/2019", "25/12/2019", "02/01/2019"], [None, "2019-12-25", "2019-01-02"], "day first"),
        (["13/14/2019", "12/25/2019", "02/01/2019"], [None, "2019-12-25", "2019-02-01"], "month first"),
    ],
)
def test_one_cell_with_a_day_past_twelve_tells_the_order_of_the_whole_column(
    cells: list[str], read: list[str | None], read_as: str
) -> None:
    found = interpret_times(pd.Series(cells))
    assert found.times.tolist() == [pd.NaT if day is None else pd.Timestamp(day, tz="UTC") for day in read]
    assert (found.faults == UNREADABLE).tolist() == [day is None for day in read]
    assert found.read_as == read_as


@pytest.mark.parametrize(
    "cells", [["01/02/2019", "12/12/2019"], ["25/12/2019", "12/25/2019", "01/02/2019"], ["13/13/2019", "01/02/2019"]]
)
def test_days_and_months_that_nothing_or_each_tells_apart_are_read_as_one_is_told_alone(cells: list[str]) -> None:
    found = interpret_times(pd.Series(cells))
    assert found.times.isna().all()
    assert (found.faults == AMBIGUOUS).all()
    for day_first, (day, month) in ((True, (1, 2)), (False, (2, 1))):
        told = read_times(pd.Series(["01/02/2019"]), day_first)
        assert told.tolist() == [pd.Timestamp(2019, month, day, tz="UTC")]
        assert interpret_times(pd.Series(cells), day_first).faults.isin(["", UNREADABLE]).all()


def test_each_cell_of_a_mixed_column_is_read_in_its_own_way_or_said_to_be_wrong() -> None:
    cells = ["2019-12-25", 1_577_232_000, None, "25.12.2019 00:00", "25 December 2019", "2019-12-25 10:00 EST", "soon"]
    found = interpret_times(pd.Series([*cells, "25 Dec 2019 10:00 Europe/Paris", "May"], dtype=object))
    assert found.times.tolist() == [
        pd.NaT if at in (2, 5, 6, 7, 8) else pd.Timestamp("2019-12-25", tz="UTC") for at in range(9)
    ]
    assert found.faults.tolist() == ["", "", UNREADABLE, "", "", OTHER_ZONE, UNREADABLE, OTHER_ZONE, UNREADABLE]
    assert found.read_as == "seconds since 1970 and ISO 8601 and day first and dates with names of months"
    assert interpret_times(pd.Series(["soon", "never"])).read_as == "nothing"


def test_a_month_or_day_of_one_digit_after_the_year_is_that_month_or_day() -> None:
    read = read_times(pd.Series(["2019/1/5", "2019-1-15", "2019.01.5 10:00"]))
    assert [str(at) for at in read.dt.strftime("%m-%d %H")] == ["01-05 00", "01-15 00", "01-05 10"]


@pytest.mark.parametrize(
    ("last", "note"),
    [
        ("1970-01-01T23:59:59", "all times lie in the first day of 1970: they count for their order alone"),
        ("1970-01-02T00:00:00", "all times lie in 1970 or 1971: is this column a time?"),
        ("1971-12-31T23:59:59", "all times lie in 1970 or 1971: is this column a time?"),
        ("1972-01-01T00:00:00", None),
        ("2016-01-01T00:00:00", None),
        ("soon", None),
    ],
)
def test_times_just_after_the_beginning_of_time_are_noted_by_the_latest_of_them(last: str, note: str | None) -> None:
    first = [] if last == "soon" else ["1970-01-01"]
    assert interpret_times(pd.Series([last, *first])).notes == (() if note is None else (note,))


def test_a_column_is_rounded_when_more_than_half_of_its_first_thousand_cells_are() -> None:
    whole, rounded = "1260759144", "1.26E+09"
    for cells, lost in (
        ([rounded, whole], False),
        ([rounded, whole, rounded], True),
        ([rounded, whole] * 500 + [rounded] * 999, False),
        ([rounded, whole] * 499 + [rounded] * 2, True),
        ([rounded, None, whole], False),
    ):
        assert (interpret_times(pd.Series(cells)).faults == ROUNDED_TIME).all() == lost


def test_a_decimal_comma_is_one_in_numbers_and_a_category_is_the_text_it_stands_for() -> None:
    moment = pd.Timestamp("2017-07-14T02:40:00.5Z")
    assert read_times(pd.Series(["1500000000,5", "1500000000,5"])).tolist() == [moment] * 2
    assert read_times(pd.Series(["2017-07-14T02:40:00.5Z"] * 2, dtype="category")).tolist() == [moment] * 2


def test_how_a_column_with_a_type_was_read_is_said() -> None:
    moments = pd.Series(pd.to_datetime(["2016-01-01"]))
    assert interpret_times(moments).read_as == "times"
    assert interpret_times(moments.dt.tz_localize("Europe/Paris")).read_as == "times with a zone"
