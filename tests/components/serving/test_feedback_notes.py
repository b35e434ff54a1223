"""When an event happened, and what is said about odd ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from components.serving.feedback_notes import EARLIEST, MAX_SECONDS_AHEAD, take_note
from components.serving.requests import FeedbackEvent

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def click(timestamp: datetime | None = None, item_id: str = "a") -> FeedbackEvent:
    return FeedbackEvent(user_id="u", item_id=item_id, type="click", timestamp=timestamp)


@pytest.mark.parametrize("seconds", [-3_600.0, 0.0, MAX_SECONDS_AHEAD])
def test_a_plausible_time_is_kept(seconds: float) -> None:
    noted, notes = take_note([(4, click(NOW + timedelta(seconds=seconds)))], NOW.timestamp(), {"a"})
    assert ([(each.index, each.occurred_at - NOW.timestamp()) for each in noted], notes) == ([(4, seconds)], [])


@pytest.mark.parametrize(
    ("time", "code"),
    [
        (NOW + timedelta(seconds=MAX_SECONDS_AHEAD + 1), "time_in_future"),
        (datetime.fromtimestamp(EARLIEST - 1, UTC), "time_too_old"),
        (None, None),
    ],
)
def test_the_time_of_arrival_stands_for_one_that_cannot_be(time: datetime | None, code: str | None) -> None:
    noted, notes = take_note([(0, click(time))], NOW.timestamp(), {"a"})
    assert noted[0].occurred_at == NOW.timestamp()
    assert [note.code for note in notes] == ([code] if code else [])


def test_an_event_may_get_several_notes_in_the_order_of_the_post() -> None:
    events = [(0, click(item_id="b")), (3, click(datetime(1970, 1, 1, tzinfo=UTC), "c"))]
    _, notes = take_note(events, NOW.timestamp(), {"a"})
    assert [(note.index, note.code) for note in notes] == [
        (0, "unknown_item"),
        (3, "time_too_old"),
        (3, "unknown_item"),
    ]
