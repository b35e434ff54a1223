"""Where candidates come from when a user has done something since training."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from components.config.routing import RoutingConfig
from components.recommenders.fold_in import NO_NEWS, RecentHistory
from components.recommenders.popularity import FittedPopularity
from components.serving.bundle import Bundle, read_bundle
from components.serving.candidates import NO_FOLD_IN, UNKNOWN_USER, CandidateFinder, Candidates, UserState
from components.serving.limits import MayShow
from components.serving.requests import RecommendRequest
from tests.worlds import make_bundle

ROUTING = RoutingConfig(cold_start_threshold=5, candidates=200)
NEWS = RecentHistory(np.array([20, 21], np.int32), np.array([21], np.int32))
STRANGER = np.empty(0, np.int32)


@dataclass(frozen=True)
class Next(FittedPopularity):
    """Folds in: the item after the last liked one is the best, whoever asks."""

    def scores_from(self, news: RecentHistory, user: int | None = None, n_known: int = 0) -> np.ndarray:
        scores = np.zeros(self.n_items, np.float32)
        scores[news.liked[-1] + 1] = 1
        return scores


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    bundle = read_bundle(make_bundle(tmp_path_factory.mktemp("bundle") / "bundle"))
    session = Next(np.zeros(30, np.float32), 8)
    return replace(bundle, recommenders={**bundle.recommenders, "session": session})


def find(bundle: Bundle, user: int, news: RecentHistory, fold_in: list[str]) -> Candidates:
    trained = STRANGER if user == UNKNOWN_USER else bundle.seen(user)
    finder = CandidateFinder(bundle, ROUTING.model_copy(update={"fold_in": fold_in}))
    may = MayShow(np.concatenate([trained, news.seen]))
    return finder.find(RecommendRequest(user_id="u"), UserState(user, trained, news), may)


def test_a_stranger_is_answered_by_all_that_fold_in_and_are_there(bundle: Bundle) -> None:
    found = find(bundle, UNKNOWN_USER, NEWS, ["ease", "session"])
    assert (found.route, found.source, found.ranking.items[0]) == ("fold_in", "session", 22)
    assert find(bundle, UNKNOWN_USER, NEWS, ["session", "lightfm"]).source == "session+lightfm"


def test_without_any_that_folds_in_likes_leave_popularity_and_say_so(bundle: Bundle) -> None:
    found = find(bundle, UNKNOWN_USER, NEWS, ["ease", "content"])
    assert (found.route, found.fallback_reason) == ("popularity", NO_FOLD_IN)


def test_what_a_user_met_is_never_a_candidate(bundle: Bundle) -> None:
    for user in (UNKNOWN_USER, 7):
        for fold_in in ([], ["session"], ["session", "lightfm"]):
            assert not {20, 21} & set(find(bundle, user, NEWS, fold_in).ranking.items.tolist())


def test_a_primary_that_folds_in_does_it_alone(bundle: Bundle) -> None:
    found = find(bundle, 7, NEWS, ["session", "lightfm"])
    expected = bundle.recommenders["lightfm"].scores_from(NEWS, 7, 7)  # type: ignore[attr-defined]
    assert (found.route, found.source) == ("cf", "lightfm")
    np.testing.assert_array_equal(found.ranking.scores, expected[found.ranking.items])


def test_a_primary_that_does_not_is_blended_with_those_that_do(bundle: Bundle) -> None:
    found = find(bundle, 7, NEWS, ["session"])
    assert (found.route, found.source, found.ranking.items[0]) == ("cf", "lightfm+session", 22)
    trained = find(bundle, 7, NO_NEWS, ["session"])
    others = [item for item in trained.ranking.items.tolist() if item not in (20, 21, 22)]
    assert [item for item in found.ranking.items.tolist() if item != 22] == others


def test_new_dislikes_leave_the_trained_order(bundle: Bundle) -> None:
    disliked = RecentHistory(np.array([20], np.int32), STRANGER)
    found, trained = (find(bundle, 7, news, ["lightfm"]) for news in (disliked, NO_NEWS))
    assert found.ranking.items.tolist() == [item for item in trained.ranking.items.tolist() if item != 20]


def test_switched_off_known_users_keep_their_trained_answer(bundle: Bundle) -> None:
    found = find(bundle, 7, NEWS, [])
    trained = find(bundle, 7, NO_NEWS, [])
    assert (found.route, found.source) == ("cf", "lightfm")
    assert found.ranking.items.tolist() == [item for item in trained.ranking.items.tolist() if item not in (20, 21)]
