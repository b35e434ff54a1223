"""Reads a column of numbers as times: what they count, and since when, is told by the size of all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

LATEST = pd.Timestamp("2100-01-01", tz="UTC")
YEAR_ALONE = "timestamp is a year alone, not a time"

Floats = npt.NDArray[np.float64]
Nanoseconds = npt.NDArray[np.int64]

# An epoch number below the first bound counts seconds, then milliseconds, microseconds, nanoseconds. Seconds reach
# the first bound in the year 5138, milliseconds in 1973, so the unit of a plausible time is never in doubt.
_UNIT_BOUNDS = (1e11, 1e14, 1e17)
_UNITS = ("seconds", "milliseconds", "microseconds", "nanoseconds")
_SECONDS_PER_UNIT = np.array([1.0, 1e-3, 1e-6, 1e-9])
_NANOSECONDS_PER_UNIT = np.array([10**9, 10**6, 10**3, 1], dtype=np.int64)
_ALMOST_ALL = 0.99
_FIRST_PLAUSIBLE_SECOND = 631_152_000  # 1990: a column that lies before it counts something else
_DAY = 86_400 * 10**9
_YEARS = (1900, 2100)
_EXCEL_DAYS = (20_000, 80_000)  # 1954 to 2119
_EXCEL_EPOCH = pd.Timestamp("1899-12-30", tz="UTC")
_DIGITS = {6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
# Clocks that began before 1970, with the seconds from then to 1970, how many units a second has, and the bounds of the
# years 2000 to 2050. As nanoseconds since 1970 such numbers would all lie in 1974 or in a few months of 1990.
_OTHER_CLOCKS = (
    ("100 nanoseconds since 1601", 11_644_473_600, 10**7),
    ("100 nanoseconds since the year 1", 62_135_596_800, 10**7),
    ("microseconds since 1601", 11_644_473_600, 10**6),
)
_YEARS_OF_CLOCKS = (946_684_800, 2_524_608_000)


def read_time_numbers(values: Floats) -> tuple[Any, str, str]:
    """Moments, how they were read, and what is wrong with the column as a whole, "" where nothing is."""
    whole = values == np.floor(values)
    for width, pattern in _DIGITS.items():
        fits = whole & (values >= 19 * 10.0 ** (width - 2)) & (values < 21 * 10.0 ** (width - 2))
        if fits.mean() >= _ALMOST_ALL:
            texts = pd.Series(np.where(fits, values, 0).astype(np.int64)).astype(str)
            read = pd.to_datetime(texts, format=pattern, errors="coerce", utc=True)
            if read.notna().mean() >= _ALMOST_ALL:
                return read.array, "YYYYMMDDhhmmss"[:width], ""
    if np.all(whole & (values >= _YEARS[0]) & (values <= _YEARS[1])):
        return pd.NaT, "years", YEAR_ALONE
    if np.mean((values >= _EXCEL_DAYS[0]) & (values < _EXCEL_DAYS[1])) >= _ALMOST_ALL:
        # To the millisecond: the fraction of a day has no more digits.
        moments = _EXCEL_EPOCH + pd.to_timedelta(np.rint(np.clip(values, 0, 1e5) * 86_400_000), unit="ms")
        return moments.as_unit("ns"), "days of a spreadsheet", ""
    for name, before, per_second in _OTHER_CLOCKS:
        seconds = values / per_second - before
        if np.mean((seconds >= _YEARS_OF_CLOCKS[0]) & (seconds < _YEARS_OF_CLOCKS[1])) >= _ALMOST_ALL:
            # To the microsecond: a float holds no more of so large a number.
            microseconds = np.rint(np.clip(seconds, -1.0, 4e9) * 1e6).astype(np.int64)
            return pd.to_datetime(1000 * microseconds, unit="ns", utc=True), name, ""
    nanoseconds, unit = _epoch_nanoseconds(values)
    return pd.to_datetime(nanoseconds, unit="ns", utc=True), f"{_UNITS[unit]} since 1970", ""


def _epoch_nanoseconds(values: Floats) -> tuple[Nanoseconds, int]:
    """Nanoseconds since 1970, -1, which is no plausible time, where the number is out of range; and the unit.

    No two units make a plausible time of one number, so each cell is read in its own; the unit named is the commonest.
    """
    unit = np.searchsorted(_UNIT_BOUNDS, np.abs(values), side="right")
    seconds = values * _SECONDS_PER_UNIT[unit]
    in_range = (seconds >= 0) & (seconds < LATEST.timestamp())
    # Whole and broken part apart: a float has too few digits for nanoseconds of today.
    values, scale = np.where(in_range, values, 0.0), _NANOSECONDS_PER_UNIT[unit]
    whole = np.floor(values)
    nanoseconds = whole.astype(np.int64) * scale + np.rint((values - whole) * scale).astype(np.int64)
    commonest = int(np.bincount(unit[in_range], minlength=4).argmax()) if in_range.any() else 0
    if in_range.any() and np.median(nanoseconds[in_range]) >= _FIRST_PLAUSIBLE_SECOND * 10**9:
        in_range &= nanoseconds >= _DAY  # a zero among times of today says that there is none
    return np.where(in_range, nanoseconds, -1), commonest
