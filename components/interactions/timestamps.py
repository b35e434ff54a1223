"""Reads the times that sources write in many ways into one kind, nanoseconds in UTC, and says how it read them.

Longer than most files because every way to write a time has its few lines here, and they are held against each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.interactions.cells import read_numbers, without_lists
from components.interactions.time_numbers import LATEST, Floats, read_time_numbers

EARLIEST = pd.Timestamp("1970-01-01", tz="UTC")
NO_TIME = EARLIEST
"""When an interaction of a source without times is said to have happened."""
PLACES_UNTIL = EARLIEST + pd.Timedelta(days=1)
"""Times that all lie before it count places in a history, a second each: they say what came first, and not when."""

UNREADABLE = "unparsable timestamp"
AMBIGUOUS = "timestamp is day-first or month-first, which nothing decides; set ingest.day_first"
TIME_OF_DAY = "timestamp is a time of day without a day"
ROUNDED_TIME = "timestamp was rounded by a spreadsheet; export the column as text"
OTHER_ZONE = "timestamp has a zone name other than zero's; write an offset such as +02:00"

_ZERO = r"(?:UTC|GMT|UCT|ZULU|Etc/UTC|Universal|Z)"
_OFFSET_AND_NAME = re.compile(rf"\s*\+00:?00\s+{_ZERO}$", re.IGNORECASE)
_ZERO_NAME = re.compile(rf"\s*\(?\[?{_ZERO}\]?\)?$", re.IGNORECASE)
_NAMED_ZONE = re.compile(r"\d\s*(?:\(|\[)?([A-Z]{3,5}|[A-Z][a-z]+/[A-Z][A-Za-z_]+)(?:\)|\])?$")
_SLASHED_YEAR_FIRST = re.compile(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})")
_YEAR_LAST = re.compile(
    r"(?P<a>\d{1,2})[/.\-](?P<b>\d{1,2})[/.\-](?P<year>\d{4}|\d{2})"
    r"(?:[ T,]+(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}(?:\.\d+)?))?"
    r"\s*(?P<half>[AaPp])?\.?[Mm]?\.?)?"
)
_WORD = re.compile(r"[A-Za-z]{3,}")
_MONTH_NAME = re.compile(r"(?i)(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
_YEAR_FIRST = re.compile(r"^\d{4}[-/.]")
# What stands behind an offset only names it again. GMT+2 is two hours ahead, which some parsers read the other way.
_NAMED_OFFSET = re.compile(r"((?:[+-]\d{2}:?\d{2})|Z)\s*(?:\[[^\]]+\]|\([^)]+\))$")
_OFFSET_BY_HOUR = re.compile(rf"\s*{_ZERO}\s?([+-])(\d{{1,2}})(?::?(\d{{2}}))?$")
_COMMA_IN_SECONDS = re.compile(r"(:\d{2}),(\d+)")
_OF_WEB_SERVERS = re.compile(r"^\[?(\d{1,2})/([A-Za-z]{3})/(\d{4}):(\d{2}:\d{2}:\d{2})( [+-]\d{4})?\]?$")
_HOURS = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?")
_ROUNDED = re.compile(r"\d(?:[.,]\d{1,5})?[eE]\+\d{2}")
_SAMPLE = 1000
_DECIMAL_COMMA = re.compile(r"\s*\d+,\d+\s*")


@dataclass(frozen=True)
class Times:
    """`times` is datetime64[ns, UTC], NaT where `faults` is not ""; both have the index of the column.

    read_as: how the column was read, in words. notes: what the reader of the counts should know.
    """

    times: pd.Series[pd.Timestamp]
    faults: pd.Series[str]
    read_as: str
    notes: tuple[str, ...] = ()


def read_times(raw: pd.Series[Any], day_first: bool | None = None) -> pd.Series[pd.Timestamp]:
    """The times of `interpret_times`, NaT where a cell holds none."""
    return interpret_times(raw, day_first).times


def interpret_times(raw: pd.Series[Any], day_first: bool | None = None) -> Times:
    """The times in `raw`, read by one rule for the whole column.

    Understood are epoch numbers (or their text) in seconds, ms, us or ns, exact to the microsecond; YYYYMMDD, also with
    hours, minutes and seconds, or without days; days of a spreadsheet; ISO 8601 text, also with a name for zone zero or
    GMT+2; 31/12/2019 and 12/31/2019, with times, where a cell of the column decides which or `day_first` says so; dates
    with a name for the month. Without a zone they are UTC. A year alone is no time. Times before 1970 or from 2100 on
    are taken for damage.
    """
    if isinstance(raw.dtype, pd.DatetimeTZDtype):
        return _times(raw.dt.tz_convert("UTC"), "times with a zone")
    if pd.api.types.is_datetime64_dtype(raw.dtype):
        return _times(raw.dt.tz_localize("UTC"), "times")
    return _read_numbers_and_text(raw, day_first)


def _times(
    times: pd.Series[Any], read_as: str, faults: pd.Series[str] | None = None, notes: tuple[str, ...] = ()
) -> Times:
    # Before the cast, for nanoseconds end in 2262, and a sentinel such as 9999-12-31 may stand in a wider unit.
    plausible = times.where((times >= EARLIEST) & (times < LATEST)).astype("datetime64[ns, UTC]")
    said = pd.Series("", index=times.index, dtype=object) if faults is None else faults
    said = said.mask(plausible.notna(), "").mask(plausible.isna() & (said == ""), UNREADABLE)
    if len(plausible) and plausible.notna().any() and plausible.max() < PLACES_UNTIL:
        notes = (*notes, "all times lie in the first day of 1970: they count for their order alone")
    elif len(plausible) and plausible.notna().any() and (plausible.max() < pd.Timestamp("1972-01-01", tz="UTC")):
        notes = (*notes, "all times lie in 1970 or 1971: is this column a time?")
    return Times(plausible, said, read_as, notes)


def _read_numbers_and_text(raw: pd.Series[Any], day_first: bool | None) -> Times:
    if isinstance(raw.dtype, pd.CategoricalDtype):
        raw = raw.astype(object)
    raw = without_lists(raw)
    present = raw.notna().to_numpy()
    first = next(iter(raw[raw.notna()].head(1)), None)
    if isinstance(first, str) and _is_rounded(raw):
        faults = pd.Series(ROUNDED_TIME, index=raw.index, dtype=object)
        return _times(pd.Series(pd.NaT, index=raw.index, dtype="datetime64[ns, UTC]"), "nothing", faults)
    if isinstance(first, str) and _DECIMAL_COMMA.fullmatch(first):
        read = read_numbers(raw)
    else:
        read = pd.to_numeric(raw.where(raw.notna()), errors="coerce")
    numbers: Floats = np.asarray(read.to_numpy(dtype=np.float64, na_value=np.nan), np.float64)
    is_number = np.isfinite(numbers) & present
    times = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[ns, UTC]")
    faults = pd.Series("", index=raw.index, dtype=object)
    said: list[str] = []
    if is_number.any():
        moments, how, fault = read_time_numbers(numbers[is_number])
        times[is_number] = moments
        faults[is_number] = fault
        said.append(how)
    is_text = present & ~is_number
    if is_text.any():
        codes, uniques = pd.factorize(raw[is_text])
        texts = pd.Series(np.asarray(uniques, dtype=object), dtype=object)
        found = _read_texts(texts, day_first)
        times[is_text] = found.times.array.take(codes)
        faults[is_text] = found.faults.to_numpy()[codes]
        said += [found.read_as] if found.read_as else []
    return _times(times, " and ".join(said) or "nothing", faults)


def _is_rounded(raw: pd.Series[Any]) -> bool:
    """Whether a spreadsheet has written a column as 1.70E+12, where one number stands for many days."""
    head = raw[raw.notna()].head(_SAMPLE).astype(str).str.strip()
    return bool(head.str.fullmatch(_ROUNDED).mean() > 0.5)


def _read_texts(texts: pd.Series[str], day_first: bool | None) -> Times:
    """Times of distinct texts."""
    bare = texts.astype(str).str.strip()
    times = _read_iso(bare)
    left = bare[times.isna()]
    if len(left):
        left = left.str.replace(_NAMED_OFFSET, r"\1", regex=True).str.replace(_OFFSET_BY_HOUR, _offset, regex=True)
        left = left.str.replace(_COMMA_IN_SECONDS, r"\1.\2", regex=True)
        left = left.str.replace(_OF_WEB_SERVERS, r"\1 \2 \3 \4\5", regex=True)
        left = left.str.replace(_OFFSET_AND_NAME, "+00:00", regex=True).str.replace(_ZERO_NAME, "", regex=True)
        bare = bare.where(times.notna(), left)
        left = left.str.replace(_SLASHED_YEAR_FIRST, r"\1-\2-\3", regex=True)
        left = left.str.replace(r"^(\d{4})-(\d)-", r"\1-0\2-", regex=True)
        left = left.str.replace(r"^(\d{4}-\d{2})-(\d)(?!\d)", r"\1-0\2", regex=True)
        times[left.index] = _read_iso(left)
    faults = pd.Series("", index=texts.index, dtype=object)
    said = ["ISO 8601"] if times.notna().any() else []
    left = bare[times.isna()]
    parts = left.str.extract(rf"^{_YEAR_LAST.pattern}$")
    slashed = parts[parts["a"].notna()]
    if len(slashed):
        moments, how = _read_year_last(slashed, day_first)
        times[slashed.index] = moments
        faults[slashed.index] = AMBIGUOUS if how == "" else ""
        said.append(how or "dates whose day and month nothing tells apart")
    left = bare[times.isna() & (faults == "")]
    faults[left.index[left.str.fullmatch(_HOURS)]] = TIME_OF_DAY
    named = left[left.str.contains(_WORD) & left.str.contains(r"\d")]
    zoned = named.str.extract(_NAMED_ZONE, expand=False).notna()
    if len(named):
        months = named[~zoned & named.str.contains(_MONTH_NAME) & ~named.str.contains(_YEAR_FIRST)]
        worded = pd.to_datetime(months, format="mixed", utc=True, errors="coerce", dayfirst=True)
        times[worded.index] = worded
        if worded.notna().any():
            said.append("dates with names of months")
        faults[named.index[zoned]] = OTHER_ZONE
    return Times(times, faults, " and ".join(said))


def _offset(match: re.Match[str]) -> str:
    """+02:00 for GMT+2."""
    sign, hours, minutes = match.groups()
    return f"{sign}{int(hours):02d}:{minutes or '00'}"


def _read_iso(texts: pd.Series[str]) -> pd.Series[Any]:
    return pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce").astype("datetime64[ns, UTC]")


def _read_year_last(parts: pd.DataFrame, day_first: bool | None) -> tuple[pd.Series[Any], str]:
    """Moments of dates that end with the year, and in which order they were read, "" where nothing decides."""
    first, second = parts["a"].astype(int), parts["b"].astype(int)
    if day_first is None:
        shown = [bool(((first > 12) & (second <= 12)).any()), bool(((second > 12) & (first <= 12)).any())]
        if shown[0] == shown[1]:
            return pd.Series(pd.NaT, index=parts.index, dtype="datetime64[ns, UTC]"), ""
        day_first = shown[0]
    day, month = (first, second) if day_first else (second, first)
    year = parts["year"].astype(int)
    year = year.where(year >= 100, year + np.where(year < 70, 2000, 1900))
    hour = pd.to_numeric(parts["hour"]).fillna(0)
    half = parts["half"].str.lower()
    hour = hour.where(half.isna(), hour % 12 + 12 * (half == "p"))
    whole = pd.DataFrame({"year": year, "month": month, "day": day, "hour": hour})
    whole["minute"] = pd.to_numeric(parts["minute"]).fillna(0)
    moments = pd.to_datetime(whole, utc=True, errors="coerce")
    moments += pd.to_timedelta(pd.to_numeric(parts["second"]).fillna(0), unit="s")
    return moments, "day first" if day_first else "month first"
