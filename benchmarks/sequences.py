"""The sequence model alone and in the pipeline: quality, processor time, time of an answer, and the share of new items.

Run it with `python -m benchmarks.sequences [--interactions FILE --protocol PROTOCOL] [--part alone|pipeline|new]
[--towers NAMES] [--settings JSON]`; it needs the extra `neural`. Without --interactions it takes the demo's MovieLens,
split per user. `new` takes a tenth of the items, drawn by lot, out of training, and counts them among what is
recommended. `pipeline` learns twice on the same cuts, with and without the model among the generators, and gives the
paired difference.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from benchmarks.report import Report, Row, lines
from benchmarks.training import movielens
from components.adapters.files.params_file import read_params
from components.adapters.sources.dataset_files import read_dataset
from components.benchmarking.ranked_now import rank_now
from components.benchmarking.rows import Quality, measure
from components.benchmarking.world import ComparedWorld
from components.metrics.bootstrap import mean_interval
from components.metrics.evaluate import evaluate
from components.ranking.learned_ranker import RankerConfig
from components.ranking.pipeline import Pipeline, PipelineConfig
from components.recommenders.events import chosen, events_of, with_events
from components.recommenders.history import Histories
from components.recommenders.nearby_items import NearbyItemsConfig
from components.recommenders.protocol import RecommenderConfig
from components.recommenders.sequence_model import SequenceModelConfig
from components.recommenders.sequences import FittedSequences
from jobs.benchmarking.compare import Comparison, cut, world_of

PROJECT = Path(__file__).parents[1]
K, SEED, COLD = 10, 42, 5
TIMED, NEW_SHARE = 500, 0.1
OTHERS: tuple[dict[str, object], ...] = (
    {"kind": "nearby_items"},
    {"kind": "nearby_items", "backwards": 0, "own_discount": 0.7, "others_discount": 0.3},
    {"kind": "session", "window": 3, "last": 3, "fade": 2.0},
    {"kind": "session", "window": 30, "last": 30, "fade": 15.0},
    {"kind": "item_to_item"},
    {"kind": "item_to_item", "similarity": "lift", "shrink": 3},
)
TOWERS = {"transformer": {}, "transformer, ids alone": {"item_tower": False}, "two towers": {"user_tower": "mean"}}


def world_from(interactions: str | None, protocol: str) -> ComparedWorld:
    """The demo's, or one of a file."""
    params = read_params(PROJECT / "params.yaml")
    if interactions is None:
        return ComparedWorld(*movielens(params))
    asked = Comparison(read_dataset(interactions, None, {}, params.ingest), protocol, K, None, SEED)
    parts, threshold, _ = cut(asked)
    return world_of(parts, asked.dataset, threshold, None, False)


def alone(world: ComparedWorld, settings: dict[str, object], towers: list[str]) -> list[Row]:
    """One row per tower, and the best neighbour method beside them."""
    quality = Quality(world.known, world.wanted, K, COLD, SEED)
    rows: list[Row] = []
    tried: dict[str, RecommenderConfig] = {"nearby_items": NearbyItemsConfig()}
    tried |= {name: SequenceModelConfig.model_validate(settings | TOWERS[name]) for name in towers}
    for name, config in tried.items():
        start = time.process_time()
        fitted = config.build().fit(world.train, SEED)
        seconds = time.process_time() - start
        found = measure(world.asking(fitted), quality)
        row: Row = {"model": name, "NDCG@10": _level(found), "train CPU s": round(seconds, 1)}
        if isinstance(fitted, FittedSequences):
            row |= _answer_times(fitted, world.histories)
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def in_pipeline(world: ComparedWorld, settings: dict[str, object], n_judged: int) -> list[Row]:
    """The pipeline without and with the model, and their difference by user."""
    model = {"kind": "sequence_model", **settings}
    asked = np.flatnonzero(np.diff(world.wanted.indptr))
    judged = np.sort(np.random.default_rng(SEED).permutation(asked)[:n_judged])
    few = csr_array(world.wanted.multiply(np.isin(np.arange(world.wanted.shape[0]), judged)[:, None]))
    few.eliminate_zeros()
    rows, per_user = [], []
    for name, generators in (("pipeline", OTHERS), ("pipeline with the model", (*OTHERS, model))):
        start = time.process_time()
        ranker = RankerConfig(n_seeds=1)
        config = PipelineConfig.model_validate(
            {"generators": generators, "n_splits": 2, "n_candidates": 150, "max_examples": 6000, "ranker": ranker}
        )
        learned = Pipeline(config).learn(world.train, SEED, chosen_by=world.chosen_by)
        seconds = time.process_time() - start
        alone_here = lambda work, users: [work(users)]  # noqa: E731
        (ranked,) = rank_now((learned.ranker,), world.histories, learned.counts, judged, alone_here)
        found = evaluate(ranked, world.known.seen, few, K, world.known.barred).ndcg
        per_user.append(found)
        weights = {key: round(value, 3) for key, value in learned.choice.weights.items() if value}
        row: Row = {"model": name, "NDCG@10": f"{found.mean():.4f}", "train CPU s": round(seconds, 1)}
        row |= {"method": learned.choice.method, "weights": json.dumps(weights)}
        rows.append(row)
        print(json.dumps(row), flush=True)
    gain = mean_interval(per_user[1] - per_user[0], np.random.default_rng(SEED), 1000, 0.95)
    rows.append({"model": "gain", "NDCG@10": f"{gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"})
    return rows


def new_items(world: ComparedWorld, settings: dict[str, object]) -> list[Row]:
    """With and without an item tower: which share of the recommended is new, and how well new ones are found."""
    n_items = len(world.train.item_ids)
    new = np.random.default_rng(SEED).permutation(n_items)[: int(NEW_SHARE * n_items)]
    is_new = np.isin(np.arange(n_items), new)
    events = events_of(world.train)
    train = with_events(world.train, chosen(events, ~is_new[events.items]))
    of_new = csr_array(world.wanted.multiply(is_new[None, :]))
    of_new.eliminate_zeros()
    rows: list[Row] = []
    for item_tower in (True, False):
        config = SequenceModelConfig.model_validate(settings | {"item_tower": item_tower})
        fitted = config.build().fit(train, SEED)
        lists = evaluate(fitted, world.train.seen, world.wanted, K, world.train.barred).lists
        apart = evaluate(fitted, world.train.seen, of_new, K, world.train.barred)
        rows.append(
            {
                "item tower": item_tower,
                "new among items": f"{is_new.mean():.3f}",
                "new among wanted": f"{of_new.nnz / world.wanted.nnz:.3f}",
                "new among recommended": f"{is_new[lists[lists >= 0]].mean():.4f}",
                "NDCG@10 of new wanted": f"{apart.ndcg.mean():.4f}",
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    return rows


def _answer_times(fitted: FittedSequences, histories: Histories) -> Row:
    """Of the encoder and of the scores of all items, milliseconds."""
    users = np.random.default_rng(0).integers(0, len(histories), TIMED).tolist()
    encoded, scored = [], []
    for history in map(histories.of, users):
        start = time.perf_counter()
        fitted.vector_of(history)
        encoded.append(time.perf_counter() - start)
        start = time.perf_counter()
        fitted.score_history(history)
        scored.append(time.perf_counter() - start)
    return {
        "encoder p50, p99 ms": ", ".join(f"{1000 * np.quantile(encoded, q):.2f}" for q in (0.5, 0.99)),
        "scores p50, p99 ms": ", ".join(f"{1000 * np.quantile(scored, q):.2f}" for q in (0.5, 0.99)),
    }


def _level(found: dict[str, float | int | None]) -> str:
    return f"{found['ndcg_at_10']:.4f} [{found['ndcg_at_10_low']:.4f}, {found['ndcg_at_10_high']:.4f}]"


def main() -> None:
    """Parses the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions")
    parser.add_argument("--protocol", default="per-user-temporal")
    parser.add_argument("--part", choices=("alone", "pipeline", "new"), default="alone")
    parser.add_argument("--settings", type=json.loads, default={})
    parser.add_argument("--towers", nargs="+", choices=TOWERS, default=list(TOWERS), help="of part alone")
    parser.add_argument("--judged", type=int, default=5000, help="users by whom pipelines are judged")
    asked = parser.parse_args()
    world = world_from(asked.interactions, asked.protocol)
    if asked.part == "alone":
        rows = alone(world, asked.settings, asked.towers)
    elif asked.part == "new":
        rows = new_items(world, asked.settings)
    else:
        rows = in_pipeline(world, asked.settings, asked.judged)
    report = Report(f"Sequence model, {asked.part}: {asked.interactions or 'the demo'}, {asked.protocol}", rows, ())
    print("\n".join(lines(report)))


if __name__ == "__main__":
    main()
