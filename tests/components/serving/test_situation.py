"""The moment that a request states changes its list where logs show that it matters, and its reasons say so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from components.config.routing import RoutingConfig, Situation
from components.serving.answer import Answer
from components.serving.bundle import Bundle, read_bundle, write_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest, RequestContext
from components.situation.lifts import Lifts
from tests.worlds import make_bundle

EVENING = RequestContext(time_of_day="evening", weekday="saturday")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return read_bundle(make_bundle(tmp_path_factory.mktemp("bundle") / "bundle"))


@pytest.fixture(scope="module")
def bundle(plain: Bundle) -> Bundle:
    """Of the first label the more is chosen on weekend evenings, of all others less."""
    labels = plain.content.labels
    row = tuple(1.0 if label == labels[0] else -0.2 for label in labels)
    return replace(plain, lifts=Lifts(labels, {"weekend evening": row}, {"both": (0.1, 0.01)}))


def ask(bundle: Bundle, context: RequestContext | None = None, strength: float = 1.0) -> Answer:
    routing = RoutingConfig(cold_start_threshold=5, candidates=200, situation=Situation(strength=strength))
    request = RecommendRequest(user_id="8", k=10, context=context)
    return RequestPath(bundle, routing, "release-1", "blue", "default").recommend(request, "r")


def ids(answer: Answer) -> list[str]:
    return [item.item_id for item in answer.items]


def test_a_list_changes_in_a_cell_that_matters_and_the_reason_says_what_moved(bundle: Bundle) -> None:
    before, after = ask(bundle), ask(bundle, EVENING)
    assert ids(before) != ids(after)
    told = f"{bundle.content.labels[0]} is often chosen on weekend evenings"
    risen = [item for item in after.items if told in (item.explanation or "")]
    assert risen
    old = {item_id: place for place, item_id in enumerate(ids(before))}
    assert all(item.rank - 1 < old.get(item.item_id, 99) for item in risen)


@pytest.mark.parametrize(
    "context",
    [
        None,
        RequestContext(time_of_day="evening", weekday="monday"),
        RequestContext(weekday="saturday"),
        RequestContext(time_of_day="whenever", device="tv"),
    ],
)
def test_elsewhere_the_list_and_its_reasons_stay_as_they_are(bundle: Bundle, context: RequestContext | None) -> None:
    assert ask(bundle, context).items == ask(bundle).items


def test_without_lifts_or_strength_no_situation_changes_anything(plain: Bundle, bundle: Bundle) -> None:
    assert ask(plain, EVENING).items == ask(plain).items
    assert ask(bundle, EVENING, strength=0.0).items == ask(bundle).items


def test_lifts_are_kept_with_the_bundle(bundle: Bundle, tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle", replace(bundle, expected_answers=()))
    assert read_bundle(tmp_path / "bundle").lifts == bundle.lifts
