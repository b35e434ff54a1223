"""What a request may say of its moment, and what that makes of it."""

from __future__ import annotations

import pytest

from components.situation.moment import Moment, Part, Weekday, moment_of


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("evening", "evening"),
        ("late evening", "evening"),
        ("Friday Night", "night"),
        ("21:30", "evening"),
        ("9.15", "morning"),
        ("at 14h05", "afternoon"),
        ("00:00", "night"),
        ("lunch break", "afternoon"),
        ("whenever", None),
        ("25:00", None),
        (None, None),
    ],
)
def test_a_time_of_day_is_a_quarter_of_it(text: str | None, part: Part | None) -> None:
    assert moment_of(text, None) == Moment(part)


@pytest.mark.parametrize(("day", "week"), [("friday", "weekday"), ("saturday", "weekend"), ("sunday", "weekend")])
def test_a_day_is_of_the_week_or_its_end(day: Weekday, week: str) -> None:
    assert moment_of(None, day).week == week


def test_the_most_particular_cell_comes_first() -> None:
    assert moment_of("evening", "sunday").cells() == ("weekend evening", "evening", "weekend")
    assert moment_of(None, None).cells() == ()
