"""What a partial retraining costs and loses: ten days, what is known before each learnt in full, in part, or not.

Run it with `python -m benchmarks.partial_training [--interactions FOLDER]`; without a folder it takes the demo's
MovieLens. The days are the last ten with 200 events or more. On each, what anybody likes is asked for, with
all that they have met by then as history. `full` has chosen, learnt and fitted on everything before the day; `partial`
has fitted on that, with what `full` had chosen and learnt before the first of the days; `stale` is that first model,
asked with today's histories.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Report, Row, lines
from benchmarks.sequences import world_from
from components.metrics.bootstrap import mean_interval
from components.metrics.ranking import ndcg
from components.ranking.learned_ranker import RankerConfig
from components.ranking.pipeline import Learned, Pipeline, PipelineConfig
from components.recommenders.events import chosen, events_of, with_events
from components.recommenders.history import History, histories_of
from components.recommenders.protocol import TrainingData

DAY, N_DAYS, ENOUGH, SEED, K = 86_400, 10, 200, 42, 10
GENERATORS: tuple[dict[str, object], ...] = (
    {"kind": "ease", "regularisation": 200.0},
    {"kind": "item_to_item"},
    {"kind": "session"},
    {"kind": "nearby_items"},
)


def run(data: TrainingData) -> Report:
    """One row a day, and the means over all who were asked."""
    config = PipelineConfig.model_validate(
        {
            "generators": GENERATORS,
            "n_splits": 2,
            "n_candidates": 150,
            "max_examples": 1500,
            "ranker": RankerConfig(n_seeds=1),
        }
    )
    pipeline, events = Pipeline(config), events_of(data)
    days = last_days(events.seconds)
    first, _ = _timed(pipeline, with_events(data, chosen(events, events.seconds < days[0])), None)
    rows: list[Row] = []
    found: dict[str, list[NDArray[np.float64]]] = {"full": [], "partial": [], "stale": []}
    spent: dict[str, list[float]] = {"full": [], "partial": []}
    for day in days.tolist():
        known = with_events(data, chosen(events, events.seconds < day))
        asked = _asked(with_events(data, chosen(events, events.seconds < day + DAY)), day)
        full, seconds_full = _timed(pipeline, known, None)
        partial, seconds_partial = _timed(pipeline, known, first)
        models = {"full": full, "partial": partial, "stale": first}
        row: Row = {"day": time.strftime("%Y-%m-%d", time.gmtime(day)), "asked": len(asked)}
        for name, learned in models.items():
            quality = np.array([_quality(learned, history, item) for history, item in asked])
            found[name].append(quality)
            row[name] = round(float(quality.mean()), 4)
        spent["full"].append(seconds_full)
        spent["partial"].append(seconds_partial)
        row |= {"full CPU s": round(seconds_full, 1), "partial CPU s": round(seconds_partial, 1)}
        rows.append(row)
        print(json.dumps(row), flush=True)
    whole = {name: np.concatenate(parts) for name, parts in found.items()}
    last: Row = {"day": "all", "asked": len(whole["full"])}
    last |= {name: round(float(values.mean()), 4) for name, values in whole.items()}
    last |= {f"{name} CPU s": round(sum(times), 1) for name, times in spent.items()}
    notes = []
    for name in ("partial", "stale"):
        gain = mean_interval(whole[name] - whole["full"], np.random.default_rng(SEED), 1000, 0.95)
        notes.append(f"{name} against full: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]")
    return Report(f"NDCG@{K} of partial retraining, ten days", [*rows, last], tuple(notes))


def last_days(seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """The starts of the last ten days with enough events."""
    starts, counts = np.unique(seconds // DAY, return_counts=True)
    found: NDArray[np.int64] = starts[counts >= ENOUGH][-N_DAYS:] * DAY
    return found


def _timed(pipeline: Pipeline, data: TrainingData, first: Learned | None) -> tuple[Learned, float]:
    start = time.process_time()
    learned = pipeline.learn(data, SEED, None if first is None else first.choice)
    return learned, time.process_time() - start


def _asked(until: TrainingData, day: int) -> list[tuple[History, int]]:
    """What was liked on the day by whoever had met something before it: all that they had met by then, and the item."""
    found = []
    histories = histories_of(until)
    for user in range(len(histories)):
        history = histories.of(user)
        for place in np.flatnonzero(history.liked & (history.seconds >= day)).tolist():
            if place:
                found.append((history.first(place), int(history.items[place])))
    return found


def _quality(learned: Learned, history: History, item: int) -> float:
    ranked = learned.ranker.rank(history, history.met).ranking.items[:K]
    return float(ndcg(ranked[None] == item, np.array([1]))[0])


def main() -> None:
    """Parses the command line, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions", type=Path)
    asked = parser.parse_args()
    world = world_from(None if asked.interactions is None else str(asked.interactions), "per-user-temporal")
    print("\n".join(lines(run(world.train))))


if __name__ == "__main__":
    main()
