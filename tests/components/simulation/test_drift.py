"""Each drift changes what it names, and leaves the rest."""

from __future__ import annotations

import pytest

from components.simulation.drift import NEW_SHARE, drifted
from tests.components.simulation.people_worlds import person

PEOPLE = tuple(person(f"u{n}", f"i{n}", f"j{n}", activity=1.0 + n) for n in range(20))
LABELS = ("Drama", "Comedy")


@pytest.mark.parametrize("kind", ["taste-shift", "new-users", "catalogue-change", "broken-feature"])
def test_the_seed_decides(kind) -> None:
    assert drifted(PEOPLE, kind, 1, LABELS) == drifted(PEOPLE, kind, 1, LABELS)


def test_after_a_shift_of_taste_nobody_likes_what_they_would_have_and_everything_is_liked_by_somebody() -> None:
    shifted = drifted(PEOPLE, "taste-shift", 1, LABELS)
    assert [each.user_id for each in shifted] == [each.user_id for each in PEOPLE]
    assert all(not before.liked & after.liked for before, after in zip(PEOPLE, shifted, strict=True))
    assert {item for each in shifted for item in each.liked} == {item for each in PEOPLE for item in each.liked}


def test_new_users_ask_most_of_the_time() -> None:
    flood = drifted(PEOPLE, "new-users", 1, LABELS)
    strangers = sum(each.activity for each in flood if each.user_id.startswith("new-"))
    assert strangers / sum(each.activity for each in flood) == pytest.approx(NEW_SHARE)


def test_a_changed_catalogue_has_new_items_that_people_find_elsewhere() -> None:
    changed = drifted(PEOPLE, "catalogue-change", 1, LABELS)
    new = [item for each in changed for item in each.later if item.startswith("new-")]
    assert 10 < len(new) < 30
    for before, after in zip(PEOPLE, changed, strict=True):
        assert {item.removeprefix("new-") for item in after.liked} == before.liked
        assert set(after.elsewhere) == {item for item in after.liked if item.startswith("new-")}


def test_a_broken_client_sends_labels_that_nobody_stated() -> None:
    broken = drifted(PEOPLE, "broken-feature", 1, LABELS)
    assert {each.wishes["context"]["query"] for each in broken} == set(LABELS)
    assert all(each.wishes["context"]["device"] in ("null", "undefined", "NaN") for each in broken)
    with pytest.raises(ValueError, match="items have none"):
        drifted(PEOPLE, "broken-feature", 1, ())
