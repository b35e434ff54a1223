"""What a language model reads of candidates: what is known of each, why it is there, no name from a description."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from components.reranking.reasons import TitleIndex, checked_reasons
from components.serving.catalogue import Catalogue
from components.serving.requests import RecommendRequest, RequestContext
from components.serving.rerank_task import Met, task_of

ITEMS = Catalogue(
    ids=("1", "2"),
    titles=("Heat (1995)", "Alien (1979)"),
    categories=("Crime", "Sci-Fi"),
    tags=(("Crime", "Drama"), ("Sci-Fi",)),
    prices=(None, 9.5),
    descriptions=("A thief meets a detective of Evilcorp.", ""),
    attributes=({"year": 1995.0, "cast": ("Al Pacino", "Robert De Niro", "Val Kilmer")}, {"country": "France"}),
)


def test_a_candidate_carries_facts_description_and_why_and_what_was_met_its_kind_alone() -> None:
    request = RecommendRequest(user_id="7")
    task = task_of(request, np.array([0, 1], np.int32), [Met(0, True)], ITEMS, 0.0, ["Close to Ronin"])
    heat, alien = task.candidates
    assert heat.text == "Drama, year 1995, cast Al Pacino and Robert De Niro"
    assert (heat.about, heat.why) == (ITEMS.descriptions[0], "Close to Ronin")
    assert (alien.text, alien.about, alien.why) == ("price 9.5, country France", "", "")
    assert (task.recent[0].about, task.recent[0].why) == ("", "")


def test_a_reason_may_name_who_is_in_the_facts_and_nobody_whom_a_description_brings_in() -> None:
    reasons = {0: "With Al Pacino and Val Kilmer", 1: "Brought to you by Evilcorp"}
    assert held(reasons) == ({0: reasons[0]}, {"unknown_name": 1})


@pytest.mark.parametrize(
    ("reason", "flaw"),
    [
        ("With Al Pacino", "unknown_name"),  # who is in Heat
        ("A drama that stays with you", "foreign_label"),
        ("From 1995", "unknown_number"),
        ("Scary, in 92 minutes", "unknown_number"),
        ("From the 90s", "unknown_number"),
        ("Like Heat", "unknown_name"),
    ],
)
def test_what_holds_of_one_item_may_not_be_said_of_another(reason: str, flaw: str) -> None:
    assert held({1: reason}) == ({}, {flaw: 1})


@pytest.mark.parametrize("reason", ["From France", "Sci-Fi of 1979", "From the 1970s", "From the '70s", "One of 2"])
def test_what_an_item_s_own_fields_say_may_be_said(reason: str) -> None:
    assert held({1: reason}) == ({1: reason}, {})


def test_what_the_user_met_and_asks_for_may_be_named_in_the_reason_for_another_item() -> None:
    reasons = {1: "Like Heat, under 120 minutes and a drama"}
    assert held(reasons, met=[Met(0, True)], query="a drama under 120 minutes") == (reasons, {})


def held(
    reasons: dict[int, str], met: Sequence[Met] = (), query: str | None = None
) -> tuple[dict[int, str], dict[str, int]]:
    """What is left of reasons for Heat (0) and Alien (1)."""
    context = RequestContext(query=query) if query else None
    task = task_of(RecommendRequest(user_id="7", context=context), np.array([0, 1], np.int32), met, ITEMS, 0.0)
    said = tuple(task.context.values())
    return checked_reasons(reasons, task.candidates, task.recent, said, TitleIndex(ITEMS.titles))
