"""Reads the times that sources write in many ways into one kind: nanoseconds in UTC."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

EARLIEST = pd.Timestamp("1970-01-01", tz="UTC")
LATEST = pd.Timestamp("2100-01-01", tz="UTC")

# An epoch number below the first bound counts seconds, then milliseconds, microseconds, nanoseconds. Seconds reach
# the first bound in the year 5138, milliseconds in 1973, so the unit of a plausible time is never in doubt.
_UNIT_BOUNDS = (1e11, 1e14, 1e17)
_SECONDS_PER_UNIT = np.array([1.0, 1e-3, 1e-6, 1e-9])
_NANOSECONDS_PER_UNIT = np.array([10**9, 10**6, 10**3, 1], dtype=np.int64)


def read_times(raw: pd.Series[Any]) -> pd.Series[pd.Timestamp]:
    """The times in `raw`, as datetime64[ns, UTC] with the same index; NaT where a cell holds no time.

    Understood are epoch numbers (or their text) in seconds, ms, us or ns, exact to the microsecond, ISO 8601 text, and
    dates and times as such; without a zone they are UTC. Times before 1970 or from 2100 on are taken for damage and
    become NaT.
    """
    if isinstance(raw.dtype, pd.DatetimeTZDtype):
        times = raw.dt.tz_convert("UTC")
    elif pd.api.types.is_datetime64_dtype(raw.dtype):
        times = raw.dt.tz_localize("UTC")
    else:
        times = _read_numbers_and_text(raw)
    # Before the cast, for nanoseconds end in 2262, and a sentinel such as 9999-12-31 may stand in a wider unit.
    plausible: pd.Series[pd.Timestamp] = times.where((times >= EARLIEST) & (times < LATEST))
    return plausible.astype("datetime64[ns, UTC]")


def _read_numbers_and_text(raw: pd.Series[Any]) -> pd.Series[pd.Timestamp]:
    present = raw.notna()
    numbers = pd.to_numeric(raw.where(present), errors="coerce")
    times = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[ns, UTC]")
    is_number = np.isfinite(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
    if is_number.any():
        times[is_number] = pd.to_datetime(_epoch_nanoseconds(numbers[is_number]), unit="ns", utc=True)
    is_text = present.to_numpy() & ~is_number
    if is_text.any():
        texts = raw[is_text].astype(str)
        times[is_text] = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    return times


def _epoch_nanoseconds(numbers: pd.Series[Any]) -> npt.NDArray[np.int64]:
    """Nanoseconds since 1970; -1, which is no plausible time, where the number is out of range."""
    values = numbers.to_numpy(dtype=np.float64)
    unit = np.searchsorted(_UNIT_BOUNDS, np.abs(values), side="right")
    seconds = values * _SECONDS_PER_UNIT[unit]
    in_range = (seconds >= 0) & (seconds < LATEST.timestamp())
    # Whole and broken part apart: a float has too few digits for nanoseconds of today.
    values, scale = np.where(in_range, values, 0.0), _NANOSECONDS_PER_UNIT[unit]
    whole = np.floor(values)
    nanoseconds = whole.astype(np.int64) * scale + np.rint((values - whole) * scale).astype(np.int64)
    return np.where(in_range, nanoseconds, -1)
