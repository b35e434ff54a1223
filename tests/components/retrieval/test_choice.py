"""The index is measured against the exact path, and refused when it would serve and recalls too little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from components.config.index import IndexConfig
from components.recommenders.factors import FittedFactors
from components.retrieval.annoy_index import AnnoyIndex, build_index
from components.retrieval.choice import (
    REPEATS,
    IndexRefused,
    build_checked_index,
    choose_index,
    decide,
    measure_recall,
    sample_rows,
)
from components.retrieval.indexed_factors import IndexedFactors

CONFIG = IndexConfig(kind="auto", trees=10, search_k=2000, recall_at=100, min_recall=0.9, sample_users=30, seed=3)
NOTHING = np.empty(0, np.int32)


def drawn(n_items: int = 1500, n_users: int = 40) -> FittedFactors:
    rng = np.random.default_rng(0)
    lengths = rng.uniform(0.2, 3, (n_items, 1)).astype(np.float32)
    items = rng.standard_normal((n_items, 16), np.float32) * lengths
    return FittedFactors(rng.standard_normal((n_users, 16), np.float32), items, 16)


class Clock:
    """Seconds that pass only between a path's start and its end: each way in turn, after a slow `first`."""

    def __init__(self, annoy: float, length: float, exact: float, users: int, first: float = 0.0) -> None:
        turns = [0.0, annoy, 0.0, length, 0.0, exact] * users
        self._steps = iter([each + first * (each > 0) for each in turns] + turns * (REPEATS - 1))
        self._now = 0.0

    def __call__(self) -> float:
        self._now += next(self._steps)
        return self._now


def test_the_same_seed_builds_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        build_index(tmp_path / name, drawn().item_factors, trees=5, seed=1)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    build_index(tmp_path / "b", drawn().item_factors, trees=5, seed=2)
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


def test_asked_for_every_node_the_index_agrees_with_the_oracle(tmp_path: Path) -> None:
    factors = drawn()
    build_index(tmp_path / "i", factors.item_factors, trees=5, seed=1)
    indexed = IndexedFactors(factors, AnnoyIndex(tmp_path / "i", 16), effort=10**6)
    exclude = np.arange(0, 1500, 3)
    for user in range(factors.n_users):
        np.testing.assert_array_equal(indexed.top_k(user, 20, exclude).items, factors.top_k(user, 20, exclude).items)
    assert measure_recall(indexed, np.arange(40), 100) == 1.0


def test_a_poor_index_still_fills_the_list_and_excludes(tmp_path: Path) -> None:
    factors = drawn()
    build_index(tmp_path / "i", factors.item_factors, trees=1, seed=1)
    indexed = IndexedFactors(factors, AnnoyIndex(tmp_path / "i", 16), effort=1)
    exclude = factors.top_k(0, 50, NOTHING).items
    ranking = indexed.top_k(0, 30, exclude)
    assert len(set(ranking.items.tolist())) == 30
    assert not set(ranking.items.tolist()) & set(exclude.tolist())
    assert (np.diff(ranking.scores) <= 0).all()


def test_exact_serves_unless_an_index_is_clearly_faster(tmp_path: Path) -> None:
    users = sample_rows(40, CONFIG)
    ways = [
        (1.0, 2.0, 1.4, "exact"),
        (1.0, 2.0, 1.5, "annoy"),
        (2.0, 1.0, 1.4, "exact"),
        (2.0, 1.0, 1.5, "length"),
        (2.0, 2.0, 1.0, "exact"),
    ]
    for *seconds, kind in ways:
        choice = choose_index(drawn(), users, CONFIG, tmp_path / "i", Clock(*seconds, len(users)))
        measured = (choice.annoy_ms, choice.length_ms, choice.exact_ms)
        assert (choice.kind, *map(round, measured)) == (kind, *(1000 * each for each in seconds))
        assert choice.recall > 0.9
        assert "recall@100" in choice.reason


def test_a_busy_moment_does_not_decide(tmp_path: Path) -> None:
    users = sample_rows(40, CONFIG)
    choice = choose_index(drawn(), users, CONFIG, tmp_path / "i", Clock(2.0, 2.0, 1.0, len(users), first=50.0))
    assert (choice.kind, round(choice.annoy_ms), round(choice.exact_ms)) == ("exact", 2000, 1000)


def test_an_index_below_the_bar_never_serves_and_is_refused_where_it_is_asked_for(tmp_path: Path) -> None:
    poor = CONFIG.model_copy(update={"trees": 1, "search_k": 1})
    users = sample_rows(40, poor)
    for length, kind in ((2.0, "length"), (8.0, "exact")):
        clock = Clock(1.0, length, 9.0, len(users))
        assert choose_index(drawn(), users, poor, tmp_path / "i", clock).kind == kind
    insists = poor.model_copy(update={"kind": "annoy"})
    with pytest.raises(IndexRefused, match=r"min_recall 0\.9"):
        choose_index(drawn(), users, insists, tmp_path / "i", Clock(1.0, 1.0, 9.0, len(users)))
    with pytest.raises(IndexRefused, match="recall@100"):
        build_checked_index(drawn(), poor, tmp_path / "i")


def test_params_can_insist() -> None:
    insist = {kind: CONFIG.model_copy(update={"kind": kind}) for kind in ("exact", "annoy", "length")}
    assert decide(0.95, 9.0, 5.0, 1.0, insist["annoy"]).kind == "annoy"
    assert decide(0.95, 1.0, 9.0, 1.0, insist["length"]).kind == "length"
    assert decide(0.10, 1.0, 1.0, 9.0, insist["exact"]).kind == "exact"
    with pytest.raises(IndexRefused):
        decide(0.89, 9.0, 5.0, 1.0, insist["annoy"])


def test_recall_is_capped_at_a_small_catalogue(tmp_path: Path) -> None:
    tiny = drawn(n_items=7, n_users=3)
    assert build_checked_index(tiny, CONFIG, tmp_path / "i") == 1.0


def test_a_missing_index_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        AnnoyIndex(tmp_path / "nowhere", 4)


def test_of_a_large_catalogue_annoy_is_built_only_where_the_search_by_length_is_not_far_faster(tmp_path: Path) -> None:
    users = sample_rows(40, CONFIG)
    times = iter([0.0, 1.0, 1.0, 6.0] * (len(users) * REPEATS))
    chosen = choose_index(drawn(), users, CONFIG, tmp_path / "i", lambda: next(times), large=1_000)
    assert (chosen.kind, chosen.recall, chosen.annoy_ms) == ("length", None, None)
    assert not (tmp_path / "i").exists()
    slower = iter([0.0, 1.0, 1.0, 5.0] * (len(users) * REPEATS) + [0.0] * 10_000)
    asked = choose_index(drawn(), users, CONFIG, tmp_path / "i", lambda: next(slower), large=1_000)
    assert asked.recall is not None
    assert (tmp_path / "i").exists()
