"""Answers in one domain for somebody whose history lies in another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array, vstack

from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.adapters.store.engine import migrate
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.serving.bundle import Bundle, read_bundle, write_bundle
from components.serving.domains import BRIDGES
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest, SearchRequest
from tests.asgi_client import call
from tests.film_bundle import make_film_bundle

ROUTING = RoutingConfig(cold_start_threshold=3, candidates=200)
FILMS = 32
"""The first so many items are films, the others books."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    read = read_bundle(make_film_bundle(tmp_path_factory.mktemp("films"), n_users=8))
    kinds = ["film" if row < FILMS else "book" for row in range(len(read.items))]
    known = tuple({**each, "domain": kind} for each, kind in zip(read.items.attributes, kinds, strict=True))
    return replace(read, items=replace(read.items, attributes=known))


def path_of(bundle: Bundle) -> RequestPath:
    return RequestPath(bundle, ROUTING, "release-1", "none", "control")


def ask(path: RequestPath, user_id: str, **more: Any) -> Any:
    return path.recommend(RecommendRequest(user_id=user_id, k=5, **more), "r")


def kinds(bundle: Bundle, answer: Any) -> set[object]:
    return {bundle.items.attributes[bundle.items.row_of[item.item_id]]["domain"] for item in answer.items}


@pytest.mark.parametrize("user", ["1", "stranger"])
@pytest.mark.parametrize(("domain", "kind"), [("book", "book"), ("film", "film"), ("Book", "book")])
def test_an_answer_holds_items_of_the_domain_alone(bundle: Bundle, user: str, domain: str, kind: str) -> None:
    answer = ask(path_of(bundle), user, domain=domain)
    assert len(answer.items) == 5
    assert kinds(bundle, answer) == {kind}
    found = path_of(bundle).search(SearchRequest(query="no horror", domain=domain, user_id=user, k=5), "r")
    assert kinds(bundle, found) == {kind}
    assert not any("Horror" in item.fields["tags"] for item in found.items)  # type: ignore[union-attr]


def test_without_a_bridge_the_popular_items_nearest_to_the_history_lead_and_the_answer_says_so(bundle: Bundle) -> None:
    path = path_of(bundle)
    of_war = bundle.items.row_of["8"]
    told = replace(bundle, history=_met(bundle, 0, [of_war, of_war + 8, of_war + 16]))
    answer = ask(path_of(told), "1", domain="book")
    assert "too few users know this domain" in answer.fallback_reason
    assert "War" in bundle.items.tags[bundle.items.row_of[answer.items[0].item_id]]
    assert ask(path, "stranger", domain="book").fallback_reason is None
    assert ask(path, "1", domain="film").fallback_reason is None


def test_with_enough_who_know_both_the_ranking_of_the_whole_catalogue_holds(bundle: Bundle) -> None:
    both = np.zeros((BRIDGES, len(bundle.items)), np.float32)
    both[:, [0, 1, FILMS, FILMS + 1]] = 1
    bridged = replace(
        bundle,
        history=csr_array(vstack([bundle.history, csr_array(both)])),
        user_ids=(*bundle.user_ids, *(f"both-{n}" for n in range(BRIDGES))),
    )
    answer = ask(path_of(bridged), "1", domain="book")
    assert answer.fallback_reason is None
    assert kinds(bundle, answer) == {"book"}


def test_a_domain_that_there_is_not_is_refused_with_those_that_there_are(bundle: Bundle, tmp_path: Path) -> None:
    for name, kept in (("two", bundle), ("none", read_bundle(make_film_bundle(tmp_path / "plain")))):
        folder = tmp_path / name
        write_bundle(folder / BUNDLE, kept)
        ServedRelease(release_id="release-1", variants=(ServedVariant(routing=ROUTING),)).write(folder)
    settings = Settings(home=tmp_path / "home", slot="blue")
    migrate(settings.store_url)
    two, none = (build_app(settings, tmp_path / name) for name in ("two", "none"))
    for path, body in (("/recommend", {"user_id": "1"}), ("/search", {"query": "war"})):
        good = call(two, "POST", path, {**body, "domain": "book"})
        assert (good.status, {item["item_id"] for item in good.json["items"]} & {"1", "2"}) == (200, set())
        refused = call(two, "POST", path, {**body, "domain": "opera"})
        assert refused.error == (400, "unknown_domain", "domain")
        assert refused.json["error"]["message"] == "domain: there is no domain 'opera'; there are book, film"
        assert (
            "the items have no domain" in call(none, "POST", path, {**body, "domain": "book"}).json["error"]["message"]
        )
    two.close()
    none.close()


def _met(bundle: Bundle, user: int, rows: list[int]) -> csr_array:
    history = bundle.history.toarray()
    history[user] = 0
    history[user, rows] = 1
    return csr_array(history)
