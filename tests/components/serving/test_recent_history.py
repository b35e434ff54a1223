"""What events say that training does not know."""

from __future__ import annotations

import numpy as np
import pytest

from components.serving.recent_history import RecentHistory, UserEvent, UserEvents, news_of

ROW_OF = {"a": 0, "b": 1, "c": 2, "d": 3}


def news(*events: tuple[str, str, float | None], trained: tuple[int, ...] = ()) -> RecentHistory:
    stored = UserEvents(tuple(UserEvent(*event) for event in events), version=len(events))
    return news_of(stored, ROW_OF, np.array(trained, np.int32), threshold=4.0)


def rows(found: RecentHistory) -> tuple[list[int], list[int]]:
    return found.seen.tolist(), found.liked.tolist()


def test_a_rating_is_a_like_from_the_threshold_up_and_makes_the_item_known_in_any_case() -> None:
    assert rows(news(("a", "rating", 4.0), ("b", "rating", 3.5))) == ([0, 1], [0])


@pytest.mark.parametrize(("kind", "liked"), [("click", [0]), ("purchase", [0]), ("view", []), ("dwell", [])])
def test_without_a_rating_a_click_or_a_purchase_is_a_like(kind: str, liked: list[int]) -> None:
    assert rows(news(("a", kind, None))) == ([0], liked)


def test_the_last_rating_decides_whatever_was_clicked() -> None:
    assert rows(news(("a", "rating", 5.0), ("a", "rating", 1.0), ("a", "click", None))) == ([0], [])
    assert rows(news(("a", "rating", 1.0), ("a", "rating", 5.0))) == ([0], [0])


def test_what_training_knows_is_not_news() -> None:
    assert rows(news(("a", "rating", 5.0), ("b", "rating", 5.0), trained=(0,))) == ([1], [1])


def test_items_that_the_bundle_lacks_are_left_out() -> None:
    assert rows(news(("z", "rating", 5.0))) == ([], [])


def test_each_item_counts_once_and_the_latest_stands_last() -> None:
    events = (("a", "rating", 5.0), ("b", "click", None), ("c", "view", None), ("a", "click", None))
    assert rows(news(*events)) == ([1, 2, 0], [1, 0])


def test_no_events_are_no_news() -> None:
    assert rows(news()) == ([], [])


def test_a_click_or_view_is_a_like_where_its_weight_says_so() -> None:
    stored = UserEvents((UserEvent("b", "click", None), UserEvent("c", "view", None)), 1)
    found = news_of(stored, ROW_OF, np.array([], np.int32), 4.0, {"click": 1.0, "view": 4.0})
    assert found.liked.tolist() == [ROW_OF["c"]]
