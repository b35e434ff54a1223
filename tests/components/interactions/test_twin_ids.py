from __future__ import annotations

import unicodedata

import pandas as pd

from components.interactions.screening import screen
from components.interactions.source import INTERACTIONS, SourceTables
from components.interactions.twin_ids import MOST, describe_twins
from tests.ingest_worlds import CONFIG

TWO_WAYS = [unicodedata.normalize(form, "José") for form in ("NFC", "NFD")]


def test_ids_that_look_alike_are_told_in_a_way_that_shows_the_difference() -> None:
    (note,) = describe_twins([*TWO_WAYS, "u1", "U1", "u2"], "user_id")
    assert note.startswith("2 of the column user_id differ")
    assert "'U1' and 'u1'" in note or "'Jose\\u0301' and 'Jos\\xe9'" in note


def test_nothing_is_said_where_all_look_different_or_are_very_many() -> None:
    assert describe_twins(["u1", "u2", "ü", "u"], "user_id") == ()
    assert describe_twins(["a", "A", *map(str, range(MOST))], "user_id") == ()


def test_such_users_stay_two_and_the_ingest_says_so() -> None:
    frame = pd.DataFrame({"user_id": TWO_WAYS, "item_id": ["i", "i"], "timestamp": ["2019-01-01"] * 2})
    screened = screen(SourceTables(frame, None, None, {}), CONFIG)
    assert len(screened.users) == 2
    assert any("differ from another one" in note for note in screened.notes[INTERACTIONS])
