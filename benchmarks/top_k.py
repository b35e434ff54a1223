"""Times the ten best items for every user: ours, implicit's `recommend`, and plain BLAS with argpartition.

Run it with `python -m benchmarks.top_k [--json] [--full]`. Factors come from implicit's ALS on drawn interactions, so
that scores are spread as a real model's are; all ways rank with the same factors and leave out the same seen items.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix

from benchmarks.report import Report, Row, blas_threads, in_turns, report_main
from benchmarks.skewed_interactions import draw_matrices
from components.metrics.evaluate import evaluate
from components.recommenders.factors import FittedFactors
from components.retrieval.top_k_all import top_k_all

K = 10
WIDTH = 64
OURS, IMPLICIT, BLAS, ONE_BY_ONE = "top_k_all", "implicit recommend", "BLAS + argpartition", "top_k, user by user"
BLAS_USERS = 256


def main() -> None:
    """Parses the command line, measures and prints."""
    report_main(__doc__, run)


def run(full: bool) -> Report:
    """Users per second of each way, by catalogue and threads."""
    sizes = ((1_000_000, 7), (10_000_000, 3)) if full else ((300_000, 3),)
    rows: list[Row] = []
    for n, rounds in sizes:
        rows += measure(n, rounds)
    return Report(
        f"Top {K} for all users, {WIDTH} factors, seen items left out; median of rounds in turns",
        rows,
        ("agree: share of places where the item is the one that top_k_all found.",),
    )


def measure(n: int, rounds: int) -> list[Row]:
    """One catalogue, one and two threads."""
    from implicit.als import AlternatingLeastSquares

    train, test = draw_matrices(n)
    seen = csr_matrix(train)
    model = AlternatingLeastSquares(factors=WIDTH, iterations=2, random_state=0)
    with blas_threads(1):
        model.fit(seen, show_progress=False)
    factors = FittedFactors(np.ascontiguousarray(model.user_factors), np.ascontiguousarray(model.item_factors), WIDTH)
    n_users, n_items = train.shape
    everybody = np.arange(n_users)
    rows: list[Row] = []
    for threads in (1, 2):
        found: dict[str, NDArray[np.integer]] = {}

        def ours(threads: int = threads, found: dict[str, NDArray[np.integer]] = found) -> None:
            found[OURS] = top_k_all(factors.user_factors, factors.item_factors, train, K, threads)[0]

        def implicit(threads: int = threads, found: dict[str, NDArray[np.integer]] = found) -> None:
            model.num_threads = threads
            found[IMPLICIT] = model.recommend(everybody, seen, N=K)[0]

        def blas(threads: int = threads, found: dict[str, NDArray[np.integer]] = found) -> None:
            with blas_threads(threads):
                found[BLAS] = rank_by_argpartition(factors, train)

        def one_by_one(found: dict[str, NDArray[np.integer]] = found) -> None:
            found[ONE_BY_ONE] = np.stack([factors.top_k(user, K, _seen(train, user)).items for user in everybody])

        ways = {OURS: ours, IMPLICIT: implicit, BLAS: blas}
        if threads == 1:
            ways[ONE_BY_ONE] = one_by_one
        with blas_threads(1):
            seconds = in_turns(ways, rounds)
        rows += [
            {
                "users": n_users,
                "items": n_items,
                "threads": threads,
                "way": way,
                "users/s": round(n_users / taken),
                "times implicit": round(seconds[IMPLICIT] / taken, 2),
                "agree": round(float((found[way] == found[OURS]).mean()), 4),
            }
            for way, taken in seconds.items()
        ]
    return [*rows, _evaluation(factors, train, test, rounds)]


def rank_by_argpartition(factors: FittedFactors, seen: csr_array) -> NDArray[np.int64]:
    """What one writes first: a product, minus infinity where seen, argpartition, argsort."""
    lists = np.empty((factors.n_users, K), np.int64)
    for start in range(0, factors.n_users, BLAS_USERS):
        rows = slice(start, start + BLAS_USERS)
        scores = factors.user_factors[rows] @ factors.item_factors.T
        block = seen[rows].tocoo()
        scores[block.row, block.col] = -np.inf
        best = np.argpartition(-scores, K, axis=1)[:, :K]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
        lists[rows] = np.take_along_axis(best, order, axis=1)
    return lists


def _evaluation(factors: FittedFactors, train: csr_array, test: csr_array, rounds: int) -> Row:
    """Users per second of the whole offline evaluation, lists and metrics."""
    n_users, n_items = train.shape
    with blas_threads(1):
        seconds = in_turns({"all": lambda: evaluate(factors, train, test, K)}, rounds)["all"]
    return {"users": n_users, "items": n_items, "threads": 1, "way": "evaluate (lists and metrics)"} | {
        "users/s": round(n_users / seconds)
    }


def _seen(matrix: csr_array, row: int) -> NDArray[np.int32]:
    columns: NDArray[np.int32] = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
    return columns


if __name__ == "__main__":
    main()
