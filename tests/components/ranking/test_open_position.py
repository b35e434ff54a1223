"""One position is open to chance, and the propensities are what chance does."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from components.config.routing import Exploration
from components.ranking.exploration import explore
from components.recommenders.protocol import Ranking

CANDIDATES = Ranking(np.arange(10, 22, dtype=np.int32), np.linspace(2, 1, 12, dtype=np.float32))
SHOWN = Ranking(CANDIDATES.items[:4], CANDIDATES.scores)
POLICY = Exploration(share=0.5, depth=8)
POOL = 8


def test_without_a_share_or_a_list_nothing_is_open() -> None:
    nothing = Ranking(CANDIDATES.items[:0], CANDIDATES.scores[:0])
    assert explore(SHOWN, CANDIDATES, Exploration(share=0.0), "r") is None
    assert explore(nothing, nothing, POLICY, "r") is None


def test_the_request_decides_and_arguments_stay() -> None:
    before = SHOWN.items.copy()
    found = [explore(SHOWN, CANDIDATES, POLICY, f"r{n}") for n in range(200)]
    again = [explore(SHOWN, CANDIDATES, POLICY, f"r{n}") for n in range(200)]
    assert [one.ranking.items.tolist() for one in found] == [one.ranking.items.tolist() for one in again]
    assert len({tuple(one.ranking.items.tolist()) for one in found}) > 20
    np.testing.assert_array_equal(SHOWN.items, before)


def test_a_list_holds_no_item_twice_and_at_most_two_places_change() -> None:
    for n in range(500):
        items = explore(SHOWN, CANDIDATES, POLICY, f"r{n}").ranking.items
        assert len(set(items.tolist())) == 4
        assert set(items.tolist()) <= set(CANDIDATES.items[:8].tolist())
        assert (items != SHOWN.items).sum() <= 2


def test_an_item_that_moves_keeps_its_score() -> None:
    score_of = dict(zip(CANDIDATES.items.tolist(), CANDIDATES.scores.tolist(), strict=True))
    for n in range(200):
        ranking = explore(SHOWN, CANDIDATES, POLICY, f"r{n}").ranking
        assert [score_of[item] for item in ranking.items.tolist()] == ranking.scores.tolist()


def test_propensities_are_the_frequencies() -> None:
    """For each open position, item and place: how often it stands there is what was said each time it did."""
    draws = 20_000
    seen: Counter[tuple[int, int, int]] = Counter()
    said: dict[tuple[int, int, int], float] = {}
    opened: Counter[int] = Counter()
    for n in range(draws):
        one = explore(SHOWN, CANDIDATES, POLICY, f"r{n}")
        opened[one.position] += 1
        for place, item in enumerate(one.ranking.items.tolist()):
            key = (one.position, place, item)
            seen[key] += 1
            assert said.setdefault(key, one.propensities[place]) == one.propensities[place]
    assert all(count == pytest.approx(draws / 4, rel=0.05) for count in opened.values())
    for key, propensity in said.items():
        error = (propensity * (1 - propensity) / opened[key[0]]) ** 0.5
        assert seen[key] / opened[key[0]] == pytest.approx(propensity, abs=4.5 * error)
    open_place = [propensity for (position, place, _), propensity in said.items() if position == place == 0]
    assert sum(open_place) == pytest.approx(1.0)
    assert len(open_place) == POOL
