"""Places go to new items as often as the policy says, and the propensities are the true chances."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from components.ranking.new_items import WithNewItems, give_places
from components.recommenders.protocol import Ranking

SHOWN = Ranking(np.array([1, 2, 3, 4], np.int32), np.array([9, 8, 7, 6], np.float32))
N = 20_000


def pool(n: int) -> Ranking:
    return Ranking(np.arange(100, 100 + n, dtype=np.int32), np.linspace(2, 1, n, dtype=np.float32))


def draw(n_pool: int, share: float, request: int) -> WithNewItems:
    found = give_places(SHOWN, n_pool, lambda: pool(n_pool), share, f"r{request}")
    assert found is not None
    return found


@pytest.mark.parametrize(("n_pool", "share"), [(6, 0.2), (2, 0.5)])
def test_each_propensity_is_the_chance_with_which_the_item_stands_there(n_pool: int, share: float) -> None:
    times: Counter[tuple[int, int]] = Counter()
    said: dict[tuple[int, int], float] = {}
    for request in range(N):
        found = draw(n_pool, share, request)
        for place, (item, chance) in enumerate(zip(found.ranking.items.tolist(), found.propensities, strict=True)):
            times[place, item] += 1
            assert said.setdefault((place, item), chance) == chance
    for cell, chance in said.items():
        assert abs(times[cell] / N - chance) <= 4 * np.sqrt(chance * (1 - chance) / N)
    for place in range(4):
        assert sum(chance for (at, _), chance in said.items() if at == place) == pytest.approx(1)


def test_a_list_never_holds_an_item_twice_and_a_new_item_keeps_its_score() -> None:
    for request in range(200):
        found = draw(5, 0.5, request)
        items = found.ranking.items.tolist()
        assert len(set(items)) == 4
        assert [place for place, item in enumerate(items) if item >= 100] == list(found.places)
        for place in found.places:
            assert found.ranking.scores[place] == pool(5).scores[items[place] - 100]


def test_the_same_request_has_the_same_list() -> None:
    assert draw(5, 0.5, 3).ranking.items.tolist() == draw(5, 0.5, 3).ranking.items.tolist()


def test_without_a_share_or_without_new_items_nothing_is_left_to_chance() -> None:
    assert give_places(SHOWN, 5, lambda: pool(5), 0.0, "r") is None
    assert give_places(SHOWN, 0, lambda: pool(0), 0.5, "r") is None
