"""What a language model reads of candidates: what is known of each, why it is there, no name from a description."""

from __future__ import annotations

import numpy as np

from components.reranking.reasons import TitleIndex, checked_reasons
from components.serving.catalogue import Catalogue
from components.serving.requests import RecommendRequest
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
    task = task_of(RecommendRequest(user_id="7"), np.array([0, 1], np.int32), [], ITEMS, 0.0)
    titles = TitleIndex(ITEMS.titles)
    reasons = {0: "With Al Pacino", 1: "Brought to you by Evilcorp"}
    good, flaws = checked_reasons(reasons, task.candidates, (), titles)
    assert (good, flaws) == ({0: "With Al Pacino"}, {"unknown_name": 1})
