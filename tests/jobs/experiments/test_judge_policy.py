"""What another policy would have earned, from explored traffic in the store, and only where the log allows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.tables import feedback, requests, shown_items
from components.adapters.store.traffic.exploration_log import read_open_positions
from components.config.routing import Diversity, Exploration, RoutingConfig
from components.experiments.counterfactual import Estimate, TooLittleSupport
from components.serving.answer import Answer
from components.serving.bundle import Bundle, read_bundle
from components.serving.replay import shown_by
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from jobs.experiments.counterfactual import judge_log
from tests.experiment_worlds import START, event_row, request_row
from tests.shown_in import keep_shown
from tests.worlds import make_bundle

K, USERS, LISTS = 4, 500, 5
ROUTING = RoutingConfig(cold_start_threshold=5, candidates=200, exploration=Exploration(share=0.5, depth=8))
VARIED = Diversity(strength=0.8)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return read_bundle(make_bundle(tmp_path_factory.mktemp("bundle") / "b", n_users=12, n_items=16, seed=3))


@pytest.fixture
def store(tmp_path: Path) -> Engine:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    migrate(url)
    return open_engine(url)


def is_liked(item_id: str) -> bool:
    """Everybody clicks these items, always: what any policy earns can be counted."""
    return item_id in {"107", "111", "113", "114"}


def log(store: Engine, bundle: Bundle, routing: RoutingConfig) -> list[tuple[str, Answer]]:
    """Lists of strangers, and of users that the model knows, as the service would log them."""
    path = RequestPath(bundle, routing, "release-1", "blue", "default")
    asked, shown, did, answers = [], [], [], []
    for user in range(USERS):
        for turn in range(LISTS):
            request_id = f"r{user}-{turn}"
            body = RecommendRequest(user_id=str(1 + user % 12), k=K, explain=False)
            answer = path.recommend(body, request_id, exploring=True)
            answers.append((body.user_id, answer))
            row = request_row(request_id, f"u{user}", START + turn, "default")
            items = [item.item_id for item in answer.items]
            candidates = [bundle.items.ids[row] for row in answer.candidates.items.tolist()]
            scores = answer.candidates.scores.tolist()
            asked.append(
                {
                    **row,
                    "k": K,
                    "items": items,
                    "candidates": candidates,
                    "scores": scores,
                    "explored_position": answer.explored_position,
                }
            )
            propensities = answer.propensities or (1.0,) * len(items)
            shown += [
                {
                    "request_id": request_id,
                    "position": position,
                    "item_id": item_id,
                    "user_id": f"u{user}",
                    "shown_at": START,
                    "source": "lightfm",
                    "score": 0.0,
                    "propensity": propensity,
                    "release_id": "release-1",
                    "variant": "default",
                }
                for position, (item_id, propensity) in enumerate(zip(items, propensities, strict=True), start=1)
            ]
            did += [event_row(f"u{user}", item_id, START + 9, request_id) for item_id in items if is_liked(item_id)]
    with store.begin() as db:
        db.execute(insert(requests), asked)
        keep_shown(db, shown, shown_items)
        db.execute(insert(feedback), did)
    return answers


def truth(bundle: Bundle, answers: list[tuple[str, Answer]], policy: Diversity) -> float:
    """Share of liked items in what the policy makes of the logged candidates."""
    lists = [
        shown_by(
            policy,
            bundle,
            [bundle.items.ids[row] for row in answer.candidates.items.tolist()],
            answer.candidates.scores.tolist(),
            K,
        )
        for _, answer in answers
    ]
    return sum(is_liked(item_id) for items in lists for item_id in items) / sum(map(len, lists))


def test_the_estimates_hold_what_both_policies_really_earn(store: Engine, bundle: Bundle) -> None:
    answers = log(store, bundle, ROUTING)
    rows = read_open_positions(store, 0.0, START + 1e6, "release-1")
    assert len(rows) == USERS * LISTS
    judged = judge_log(rows, bundle, ROUTING.diversity, VARIED)
    assert judged.changed > 100
    for found, policy in ((judged.live, ROUTING.diversity), (judged.other, VARIED)):
        assert isinstance(found, Estimate)
        assert found.low <= truth(bundle, answers, policy) <= found.high
        assert found.high - found.low < 0.25
    assert truth(bundle, answers, ROUTING.diversity) != pytest.approx(truth(bundle, answers, VARIED), abs=0.02)


def test_a_log_without_enough_chance_is_refused(store: Engine, bundle: Bundle) -> None:
    rare = ROUTING.model_copy(update={"exploration": Exploration(share=0.01, depth=8)})
    log(store, bundle, rare)
    rows = read_open_positions(store, 0.0, START + 1e6, None)
    judged = judge_log(rows, bundle, rare.diversity, VARIED)
    assert isinstance(judged.other, TooLittleSupport)
    assert judged.other.reason


def test_lists_without_an_open_position_and_other_releases_are_not_read(store: Engine, bundle: Bundle) -> None:
    closed = ROUTING.model_copy(update={"exploration": Exploration(share=0.0)})
    log(store, bundle, closed)
    assert read_open_positions(store, 0.0, START + 1e6, None) == []
    assert read_open_positions(store, 0.0, START + 1e6, "release-9") == []
