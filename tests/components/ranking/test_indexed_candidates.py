"""A pipeline whose factor model asks an index finds what it finds without, and does not score the whole catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from components.config.routing import RoutingConfig
from components.ranking.candidates import LOOKED_AT, find_candidates
from components.ranking.fitted_pipeline import FittedPipeline
from components.recommenders.factors import FittedFactors
from components.recommenders.history import History
from components.retrieval.annoy_index import AnnoyIndex, build_index
from components.retrieval.indexed_factors import IndexedFactors
from components.serving.bundle import Bundle, CandidateIndex, read_bundle, write_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest
from tests.pipeline_worlds import write_pipeline_bundle

N_ITEMS, WIDTH, N = 4_000, 16, 50
KINDS = ({"kind": "item_to_item"}, {"kind": "lightfm", "dimensions": 8, "epochs": 3})


@dataclass
class CountingIndex(AnnoyIndex):
    """Remembers how many items it was asked for."""

    path: Path
    width: int
    asked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.path, self.width)

    def nearest(self, vector: NDArray[np.float32], n: int, effort: int) -> NDArray[np.int32]:
        self.asked.append(n)
        return super().nearest(vector, n, effort)


def history(*items: int) -> History:
    rows = np.array(items, np.int32)
    return History(rows, np.full(len(rows), 5, np.float32), np.ones(len(rows), bool), np.arange(len(rows)))


@pytest.fixture(scope="module")
def factors(tmp_path_factory: pytest.TempPathFactory) -> FittedFactors:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((40, WIDTH))
    items = centres[rng.integers(0, 40, N_ITEMS)] + 0.3 * rng.standard_normal((N_ITEMS, WIDTH))
    users = centres[:8].astype(np.float32)
    return FittedFactors(users, items.astype(np.float32), embedding_width=WIDTH).for_histories()


def indexed(factors: FittedFactors, folder: Path, search_k: int) -> IndexedFactors:
    build_index(folder / "i.ann", factors.item_factors, trees=20, seed=1)
    return IndexedFactors(factors, CountingIndex(folder / "i.ann", WIDTH), search_k)


def test_with_all_the_time_in_the_world_the_index_finds_the_candidates_of_the_exact_search(
    factors: FittedFactors, tmp_path: Path
) -> None:
    index = indexed(factors, tmp_path, 10**7)
    for told in (history(3), history(5, 900, 12), history(*range(100, 140))):
        exact, found = (find_candidates({"lightfm": each}, told, N) for each in (factors, index))
        assert found.items.tolist() == exact.items.tolist()
        np.testing.assert_allclose(found.scores["lightfm"], exact.scores["lightfm"], rtol=2e-4, atol=2e-4)


def test_the_index_is_asked_for_some_items_and_recalls_most(factors: FittedFactors, tmp_path: Path) -> None:
    index = indexed(factors, tmp_path, 4_000)
    recalls = []
    for item in range(0, 400, 20):
        exact, found = (find_candidates({"lightfm": each}, history(item), N) for each in (factors, index))
        recalls.append(len(np.intersect1d(exact.items, found.items)) / N)
    assert isinstance(index.index, CountingIndex)
    assert set(index.index.asked) == {LOOKED_AT * N}
    assert np.mean(recalls) > 0.9


def test_what_is_hidden_changes_no_score(factors: FittedFactors, tmp_path: Path) -> None:
    index = indexed(factors, tmp_path, 10**7)
    whole = find_candidates({"lightfm": index}, history(7), N)
    less = find_candidates({"lightfm": index}, history(7), N, hidden=whole.items[:5])
    assert less.items[: N - 5].tolist() == whole.items[5:].tolist()
    assert less.scores["lightfm"][: N - 5].tobytes() == whole.scores["lightfm"][5:].tobytes()


def test_a_bundle_with_an_index_asks_it_for_every_changed_history(tmp_path: Path) -> None:
    exact = read_bundle(write_pipeline_bundle(tmp_path / "exact", generators=KINDS))
    assert isinstance(exact.primary, FittedPipeline)
    factors = exact.primary.factors_of(np.arange(10))
    assert factors is not None
    build_index(tmp_path / "i.ann", factors.item_factors, trees=5, seed=1)
    kept = replace(exact, manifest=replace(exact.manifest, index=CandidateIndex("annoy", 5, 10**6, 1.0)))
    write_bundle(tmp_path / "annoy", kept, tmp_path / "i.ann")
    bundle = read_bundle(tmp_path / "annoy")
    counting = CountingIndex(tmp_path / "annoy" / "index.ann", factors.n_columns)
    assert isinstance(bundle.primary, FittedPipeline)
    ranker = bundle.primary.ranker
    name, model = next(pair for pair in ranker.generators.items() if isinstance(pair[1], IndexedFactors))
    watched = ranker.with_generators({**ranker.generators, name: replace(model, index=counting)})
    recommenders = {**bundle.recommenders, "pipeline": replace(bundle.primary, ranker=watched)}
    answers = [answer(each) for each in (exact, replace(bundle, recommenders=recommenders))]
    assert answers[0] == answers[1]
    assert len(counting.asked) == 1


def answer(bundle: Bundle) -> list[str]:
    path = RequestPath(bundle, RoutingConfig(cold_start_threshold=2, candidates=100), "r", "s", "default")
    request = RecommendRequest.model_validate({"user_id": "nobody", "k": 8, "context": {"cart": ["i03", "i05"]}})
    return [item.item_id for item in path.recommend(request, "q").items]
