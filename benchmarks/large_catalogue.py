"""Times answers to changed histories over a large catalogue, with LightFM behind the Annoy index and without it.

Run it with `python -m benchmarks.large_catalogue [--full] [--json]`: 20,000 items, or 200,000. Interactions are drawn
with a realistic skew; a pipeline of `item_to_item`, `session` and LightFM learns from them, and its request path
answers users with something new in their cart. The models are not judged here, so they are trained briefly, and
LightFM's factors are then replaced by clustered ones of the same size: so many items that nobody has met give factors
that no index can tell apart.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from benchmarks.report import Report, report_main
from components.config.index import IndexConfig
from components.config.routing import RoutingConfig
from components.ranking.fitted_pipeline import FittedPipeline
from components.ranking.pipeline import PipelineConfig
from components.recommenders.content import ContentConfig
from components.recommenders.events import with_events
from components.recommenders.factors import FittedFactors
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import Events, FittedRecommender, TrainingData
from components.retrieval.choice import choose_index, decide
from components.serving.bundle import Bundle, BundleManifest, CandidateIndex, read_bundle, write_bundle
from components.serving.catalogue import Catalogue
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest

ROUTING = RoutingConfig(cold_start_threshold=5, candidates=200)
N_USERS, EACH, ASKED = 1_000, 60, 300
N_CLUSTERS = 500
INDEX = IndexConfig(kind="annoy", trees=20, search_k=5_000, recall_at=100, min_recall=0.5, sample_users=100, seed=42)
PIPELINE = PipelineConfig.model_validate(
    {
        "n_splits": 2,
        "n_candidates": 150,
        "max_users": 300,
        "generators": [
            {"kind": "item_to_item"},
            {"kind": "session"},
            {"kind": "lightfm", "dimensions": 32, "epochs": 2, "max_sampled": 5},
        ],
        "ranker": {"n_seeds": 1},
    }
)


def run(full: bool) -> Report:
    """One row per way to find LightFM's candidates."""
    data = drawn(200_000 if full else 20_000)
    pipeline = PIPELINE.build().fit(data, 42)
    assert isinstance(pipeline, FittedPipeline)
    pipeline = clustered(pipeline)
    fitted: dict[str, FittedRecommender] = {
        "pipeline": pipeline,
        "popularity": Popularity().fit(data, 42),
        "content": ContentConfig().build().fit(data, 42),
    }
    blank = ("",) * len(data.item_ids)
    titles = tuple(f"Item {item} (1995)" for item in data.item_ids)
    items = Catalogue(data.item_ids, titles, blank, ((),) * len(blank), (None,) * len(blank))
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "i.ann"
        factors = pipeline.factors_of(np.arange(100))
        assert factors is not None
        choice = choose_index(factors, np.arange(factors.n_users), INDEX, file, time.perf_counter)
        manifest = BundleManifest(data_version="", recommender="pipeline", ingredients_digest="")
        rows = []
        annoy = CandidateIndex("annoy", INDEX.trees, INDEX.search_k, choice.recall)
        for index in (CandidateIndex(), annoy, CandidateIndex("length")):
            whole = Bundle(replace(manifest, index=index), items, data.user_ids, data.seen, fitted)
            write_bundle(Path(scratch) / index.kind, whole, file)
            path = RequestPath(read_bundle(Path(scratch) / index.kind), ROUTING, "b", "s", "default")
            p50, p99 = np.percentile(milliseconds(path), [50, 99])
            rows.append({"index": index.kind, "items": len(items), "p50 ms": round(p50, 2), "p99 ms": round(p99, 2)})
    chosen = decide(
        choice.recall, choice.annoy_ms, choice.length_ms, choice.exact_ms, INDEX.model_copy(update={"kind": "auto"})
    )
    return Report(f"One answer, k = 10, changed history; with index.kind auto: {chosen.kind}, {chosen.reason}", rows)


def clustered(pipeline: FittedPipeline) -> FittedPipeline:
    """With other factors in place of LightFM's: items lie around `N_CLUSTERS` centres, of which users like one each."""
    rng, generators = np.random.default_rng(1), dict(pipeline.ranker.generators)
    for name, model in generators.items():
        if isinstance(model, FittedFactors):
            centres = rng.standard_normal((N_CLUSTERS, model.n_columns))
            near = centres[rng.integers(0, N_CLUSTERS, model.n_items)]
            items = (near + 0.5 * rng.standard_normal(near.shape)).astype(np.float32)
            generators[name] = FittedFactors(centres.astype(np.float32), items, model.n_columns).for_histories()
    return replace(pipeline, ranker=pipeline.ranker.with_generators(generators))


def drawn(n_items: int) -> TrainingData:
    """`N_USERS` users with `EACH` interactions, an hour apart, by popularity and a taste of their own."""
    rng = np.random.default_rng(0)
    popularity = 1 / np.arange(1, n_items + 1) ** 0.8
    popularity = np.cumsum(popularity / popularity.sum())
    items = np.searchsorted(popularity, rng.random((N_USERS, EACH)))
    tastes = np.arange(N_USERS)[:, None] % 50
    items = np.minimum(items // 50 * 50 + tastes, n_items - 1).astype(np.int32)  # of each 50 neighbours one's own
    n = N_USERS * EACH
    seconds = 1_600_000_000 + rng.integers(0, 10**7, N_USERS)[:, None] + np.arange(EACH) * 3600
    users = np.repeat(np.arange(N_USERS, dtype=np.int32), EACH)
    events = Events(users, items.ravel(), np.full(n, 5, np.float32), np.ones(n, bool), seconds.ravel())
    empty = csr_array((N_USERS, n_items), dtype=np.float32)
    ids = tuple(map(str, range(N_USERS))), tuple(map(str, range(n_items)))
    return with_events(TrainingData(*ids, empty, empty, ((),) * n_items), events)


def milliseconds(path: RequestPath) -> list[float]:
    """Of `ASKED` answers, each to a user with another item in the cart, after as many to warm up."""
    taken = []
    for turn in range(2):
        for number in range(ASKED):
            item = path.bundle.items.ids[(turn * ASKED + number) * 7 % 5_000]
            body = {"user_id": str(number), "k": 10, "context": {"cart": [item]}}
            request = RecommendRequest.model_validate(body)
            start = time.perf_counter()
            path.recommend(request, "bench")
            if turn:
                taken.append((time.perf_counter() - start) * 1000)
    return taken


if __name__ == "__main__":
    report_main(__doc__, run)
