"""An item is off by hand, by what the source says of it, or once it has expired."""

from __future__ import annotations

import pytest

from components.interactions.attributes import Attribute
from components.serving.catalogue import Catalogue
from components.serving.shelf import ALL_ON, OffSwitch


def switch(*attributes: dict[str, Attribute]) -> OffSwitch:
    ids = tuple("abcdefgh"[: len(attributes)])
    blank = ("",) * len(ids)
    return OffSwitch(Catalogue(ids, blank, blank, ((),) * len(ids), (None,) * len(ids), attributes=attributes))


def test_what_is_switched_by_hand_is_off_and_what_the_bundle_does_not_know_says_nothing() -> None:
    assert switch({}, {}, {}).shelf_at(0, ["c", "a", "nothing"]).off.tolist() == [0, 2]
    assert switch({}, {}).shelf_at(0, []).version == ALL_ON.version


@pytest.mark.parametrize(("said", "off"), [("no", True), ("False", True), (0.0, True), ("yes", False), (1.0, False)])
def test_what_the_source_calls_unavailable_is_off(said: Attribute, off: bool) -> None:
    assert switch({"available": said}, {}).shelf_at(0, []).off.tolist() == ([0] if off else [])


@pytest.mark.parametrize("end", ["1970-01-02", "1970-01-02T00:00:00", "1970-01-02T01:00:00+01:00", 86_400.0])
def test_an_item_is_off_from_the_moment_on_at_which_it_expires(end: Attribute) -> None:
    known = switch({"expires": end}, {})
    assert known.shelf_at(86_399.9, []).off.tolist() == []
    assert known.shelf_at(86_400, []).off.tolist() == [0]


def test_an_end_that_is_no_moment_is_told_and_never_comes() -> None:
    known = switch({"expires": "soon"}, {"expires": ("1970-01-02",)})
    assert known.odd == ["a", "b"]
    assert known.shelf_at(1e12, []).off.tolist() == []


def test_each_set_of_items_that_are_off_has_a_version_of_its_own() -> None:
    known = switch({}, {}, {"expires": 50.0})
    versions = [known.shelf_at(now, some).version for now, some in [(0, []), (0, ["a"]), (0, ["b"]), (99, ["b"])]]
    assert len(set(versions)) == 4
    assert known.shelf_at(0, ["b", "a"]).version == known.shelf_at(1, ["a", "b", "a"]).version
