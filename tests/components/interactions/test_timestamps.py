from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from components.interactions.timestamps import read_times

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
