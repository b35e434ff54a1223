"""Reads the part of the day and the kind of day that a request says it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

Part = Literal["night", "morning", "afternoon", "evening"]
PARTS: tuple[Part, ...] = get_args(Part)
"""Six hours each, from midnight on."""
HOURS = 6
Week = Literal["weekday", "weekend"]
WEEK: tuple[Week, ...] = get_args(Week)
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_HOUR = re.compile(r"\b([01]?\d|2[0-3])[:.h]\d{2}\b")
_WORDS: dict[str, Part] = {
    **dict.fromkeys(("evening", "dinner", "tonight", "dusk", "primetime"), "evening"),
    **dict.fromkeys(("morning", "breakfast", "dawn"), "morning"),
    **dict.fromkeys(("afternoon", "noon", "lunch", "lunchtime", "midday"), "afternoon"),
    **dict.fromkeys(("night", "midnight", "nighttime"), "night"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known of when it is for the asker; None where nothing is said."""

    part: Part | None = None
    week: Week | None = None

    def cells(self) -> tuple[str, ...]:
        """The names of the cells that it lies in, the most particular first."""
        both = (f"{self.week} {self.part}",) if self.part and self.week else ()
        return (*both, *((self.part,) if self.part else ()), *((self.week,) if self.week else ()))


def moment_of(time_of_day: str | None, weekday: Weekday | None) -> Moment:
    """The moment that a request states: "late evening" or "21:30", and a day; other words say nothing."""
    text = (time_of_day or "").casefold()
    hour = _HOUR.search(text)
    part = PARTS[int(hour[1]) // HOURS] if hour else None
    for word in re.findall(r"[a-z]+", text):
        part = part or _WORDS.get(word)
    week: Week | None = None if weekday is None else "weekend" if weekday in ("saturday", "sunday") else "weekday"
    return Moment(part, week)
