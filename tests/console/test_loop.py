"""The loop shows what is at each joint, and the next command where there is nothing."""

from __future__ import annotations

from tests.console.small_console import SmallConsole


def test_an_empty_store_shows_the_next_command_at_each_joint(console: SmallConsole) -> None:
    text = console.text("/console")
    assert "Nothing is live yet" in text
    assert "prefect deployment run promote/default --watch" in text
    assert "prefect deployment run ingest/default --watch" in text
    assert "recops simulate --days 14" in text


def test_the_live_release_its_slot_and_the_standby_are_shown(console: SmallConsole) -> None:
    console.promote()
    console.promote()
    text = console.text("/console")
    assert "Live in green release-2 live for" in text
    assert "release-2 went live in green, after release-1" in text
    assert "blue release-1 0 % standby, does not answer" in text
    assert "green release-2 100 % live, does not answer" in text


def test_what_is_away_is_said_to_be(console: SmallConsole) -> None:
    assert "MLflow does not answer" in console.text("/console/parts/challenger")
    assert "schedules are unknown: Prefect does not answer" in console.text("/console/parts/next")
