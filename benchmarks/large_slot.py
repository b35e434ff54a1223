"""Times a slot over a very large catalogue, and holds its lists against the exact best of the same factors.

Run it with `python -m benchmarks.large_slot FILE [--items N] [--asked N]`, where FILE is what `benchmarks.large_factors
--million` wrote: factors of iALS, a million items × 64. A bundle of them is indexed as stage `index` does it, served by
a slot, and asked by known users for 100 items each, one client, nothing kept; what they have met is left out. MB are
what the slot's processes hold, where what they share counts once.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from scipy.sparse import csr_array

from benchmarks.answer_latency import free_port, hardware, serving
from benchmarks.keep_alive_client import measure, post_bytes
from components.adapters.files.params_file import read_params
from components.adapters.machine.held_memory import held_megabytes, with_descendants
from components.recommenders.content import ContentConfig
from components.recommenders.factors import FittedFactors, HistoryFold
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import FittedRecommender, TrainingData, item_labels
from components.retrieval.choice import choose_index, sample_rows
from components.serving.bundle import Bundle, BundleManifest, CandidateIndex, write_bundle
from components.serving.catalogue import Catalogue

HERE = Path(__file__).parents[1]
K, WARM_UP, MET = 100, 200, 20
CATEGORIES = 200


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--items", "n_items", type=int, help="The first so many alone.")
@click.option("--asked", default=1_000, show_default=True, help="Users.")
def main(file: Path, n_items: int | None, asked: int) -> None:
    """See the module."""
    stored = np.load(file)
    items, users = stored["items"][:n_items], stored["users"]
    users = np.ascontiguousarray(users[users.any(axis=1)][: asked + WARM_UP])
    factors = FittedFactors(users, np.ascontiguousarray(items), items.shape[1], HistoryFold("ridge", 5.0, 10.0))
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as scratch:
        bundle, met, said = _bundle(Path(scratch), factors)
        click.echo(said)
        port, start = free_port(), time.perf_counter()
        command = [sys.executable, str(HERE / "benchmarks" / "slot_of_bundle.py")]
        command += [str(Path(scratch) / "home"), str(bundle), str(port)]
        with serving(command, {"PYTHONPATH": str(HERE)}, port, HERE, 900) as slot:
            click.echo(f"answers after {time.perf_counter() - start:.1f} s, with the build of its package")
            bodies = [{"user_id": str(user), "k": K} for user in range(len(users))]
            measure(port, [post_bytes("/recommend", body) for body in bodies[:WARM_UP]], 1)
            seconds = measure(port, [post_bytes("/recommend", body) for body in bodies[WARM_UP:]], 1)
            p50, p99 = np.percentile(np.array(seconds) * 1000, [50, 99])
            recalls = [_recall(port, factors, met, user) for user in range(WARM_UP, min(WARM_UP + 100, len(users)))]
            held = held_megabytes(with_descendants(slot.pid))
            click.echo(
                f"{len(items):,} items: p50 {p50:.2f} ms, p99 {p99:.2f} ms, recall@{K} {np.mean(recalls):.4f}, "
                f"{held:,.0f} MB; {hardware()}"
            )


def _bundle(folder: Path, factors: FittedFactors) -> tuple[Path, csr_array, str]:
    """The bundle, what users have met, and what the index took."""
    rng, n_items, n_users = np.random.default_rng(0), factors.n_items, factors.n_users
    rows = np.repeat(np.arange(n_users), MET)
    met = csr_array((np.ones(len(rows), np.float32), (rows, rng.integers(0, n_items, len(rows)))), (n_users, n_items))
    met.sum_duplicates()
    met.data[:] = 1
    categories = tuple(f"Shelf {number}" for number in rng.integers(0, CATEGORIES, n_items).tolist())
    labels = tuple(item_labels(category, ()) for category in categories)
    ids = tuple(map(str, range(n_users))), tuple(map(str, range(n_items)))
    data = TrainingData(*ids, met, met, labels)
    params = read_params(HERE / "params.yaml")
    start = time.perf_counter()
    index = params.index.model_copy(update={"min_recall": 0.95, "sample_users": 50})
    choice = choose_index(factors, sample_rows(n_users, index), index, folder / "index.ann", time.perf_counter)
    said = f"index: {choice.kind}, {choice.reason}; built and measured in {time.perf_counter() - start:.1f} s"
    fitted: dict[str, FittedRecommender] = {
        "ials": factors,
        "popularity": Popularity().fit(data, 0),
        "content": ContentConfig().build().fit(data, 0),
    }
    titles = tuple(f"Thing {item}" for item in data.item_ids)
    catalogue = Catalogue(data.item_ids, titles, categories, ((),) * n_items, (None,) * n_items)
    manifest = BundleManifest(data_version="", recommender="ials", ingredients_digest="")
    kept = CandidateIndex(choice.kind)
    if choice.kind == "annoy":
        kept = CandidateIndex("annoy", index.trees, index.search_k, choice.recall)
    whole = Bundle(replace(manifest, index=kept), catalogue, data.user_ids, met, fitted)
    write_bundle(folder / "bundle", whole, folder / "index.ann")
    return folder / "bundle", met, said


def _recall(port: int, factors: FittedFactors, met: csr_array, user: int) -> float:
    """The share of the exact best that the slot lists."""
    body = json.dumps({"user_id": str(user), "k": K}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/recommend", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310 our own slot
        listed = {int(item["item_id"]) for item in json.load(reply)["items"]}
    exclude = met.indices[met.indptr[user] : met.indptr[user + 1]]
    best = factors.top_k(user, K, exclude).items.tolist()
    return len(listed & set(best)) / len(best)


if __name__ == "__main__":
    main()
