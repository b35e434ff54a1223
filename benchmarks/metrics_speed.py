"""Times NDCG over ranked rows: ours, from the evaluation's arrays and from a data frame, and Evidently's.

Run it with `python -m benchmarks.metrics_speed [--json] [--full]`, where `evidently` is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.report import Report, Row, in_turns, report_main
from components.metrics.ranking import ndcg

K = 10
ROUNDS = 3
ARRAYS, FRAME, EVIDENTLY = "ours, from arrays", "ours, from the data frame", "Evidently NDCG"
INSTALL = "Evidently is not installed, so it is left out: pip install 'evidently>=0.7.23'"


def main() -> None:
    """Parses the command line, measures and prints."""
    report_main(__doc__, run)


def run(full: bool) -> Report:
    """Seconds of each way over the same rows."""
    n = 1_000_000 if full else 100_000
    frame = ranked_rows(n)
    hits = frame["target"].to_numpy(bool).reshape(-1, K)
    wanted = hits.sum(axis=1)
    values: dict[str, float] = {}

    def arrays() -> None:
        values[ARRAYS] = _mean(ndcg(hits, wanted))

    def from_frame() -> None:
        values[FRAME] = _mean(ndcg(*hits_of(frame)))

    ways: dict[str, Callable[[], None]] = {ARRAYS: arrays, FRAME: from_frame}
    has_evidently = find_spec("evidently") is not None
    if has_evidently:
        dataset = evidently_dataset(frame)

        def evidently() -> None:
            values[EVIDENTLY] = evidently_ndcg(dataset)

        ways[EVIDENTLY] = evidently
    seconds = in_turns(ways, ROUNDS)
    rows: list[Row] = [{"way": way, "rows": n, "ms": taken * 1000} for way, taken in seconds.items()]
    for row, way in zip(rows, seconds, strict=True):
        if has_evidently:
            row["times Evidently"] = seconds[EVIDENTLY] / seconds[way]
        row["ndcg"] = round(values[way], 6)
    notes = ("Users without a relevant row count as 0. Evidently's time is its report's, on a data set built before.",)
    return Report(f"NDCG@{K} of {n:,} ranked rows, {K} per user", rows, notes if has_evidently else (INSTALL, *notes))


def ranked_rows(n: int) -> pd.DataFrame:
    """user_id, item_id, rank from 1, target 0 or 1: a tenth is relevant, more often at the top."""
    rng = np.random.default_rng(0)
    n_users = n // K
    ranks = np.tile(np.arange(1, K + 1), n_users)
    return pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(n_users), K),
            "item_id": rng.integers(0, 10_000, n_users * K),
            "prediction": ranks.astype(float),
            "target": (rng.random(n_users * K) < 0.3 / (ranks + 1)).astype(int),
        }
    )


def hits_of(frame: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The arrays that `ndcg` takes from rows in any order, with lists of any length."""
    codes, _ = pd.factorize(frame["user_id"])
    order = np.lexsort((frame["prediction"].to_numpy(), codes))
    users = codes[order]
    target = frame["target"].to_numpy(bool)[order]
    n_rows = np.bincount(users)
    rank = np.arange(len(users)) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows)
    hits = np.zeros((len(n_rows), K), np.bool_)
    top = rank < K
    hits[users[top], rank[top]] = target[top]
    return hits, np.bincount(users, weights=target).astype(np.int64)


def evidently_dataset(frame: pd.DataFrame) -> Any:
    """The rows as Evidently wants them."""
    from evidently import DataDefinition, Dataset, Recsys

    columns = {"user_id": "user_id", "item_id": "item_id", "prediction": "prediction", "target": "target"}
    definition = DataDefinition(ranking=[Recsys(**columns, recommendations_type="rank")])
    return Dataset.from_pandas(frame, data_definition=definition)


def evidently_ndcg(dataset: Any) -> float:
    """Evidently's own NDCG at `K`, whose row says rank K + 1: it labels ranks one off."""
    from evidently import Report as EvidentlyReport
    from evidently.metrics import NDCG

    snapshot = EvidentlyReport([NDCG(k=K, no_feedback_users=True)]).run(dataset, None)
    return float(list(snapshot.dict()["metrics"][0]["value"]["value"].values())[-1])


def _mean(values: NDArray[np.float64]) -> float:
    return float(np.nan_to_num(values).mean())


if __name__ == "__main__":
    main()
