"""Reads the files that a batch exports for tuning: pairs, and the lists that they are from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.reranking.personal_data import without_personal_data
from components.reranking.tuning.preferences import ItemPreference, LikedList, TuningError

PAIRS = ("user", "request_id", "query", "preferred", "passed_over", "preferred_document", "passed_over_document")
LISTS = ("user", "query", "items", "documents", "liked")
EXPORT = "prefect deployment run batch-recommend/default --param preference_pairs_days=30 --watch"


def read_pairs(file: Path) -> list[ItemPreference]:
    """A preference for each pair. Addresses and numbers of people are taken out of queries, whoever made the file.

    Raises:
        TuningError: it is no such file; the message names the column.
    """
    return [
        ItemPreference(
            row["user"],
            row["request_id"],
            without_personal_data(row["query"]),
            (row["preferred"], row["passed_over"]),
            (row["preferred_document"], row["passed_over_document"]),
        )
        for row in _rows(file, PAIRS, "--pairs")
    ]


def read_lists(file: Path) -> list[LikedList]:
    """The lists; redacted as pairs are.

    Raises:
        TuningError: it is no such file, or a row has not one document and one `liked` for each item.
    """
    lists = []
    for number, row in enumerate(_rows(file, LISTS, "--lists"), start=1):
        items, documents, liked = row["items"], row["documents"], row["liked"]
        if not len(items) == len(documents) == len(liked) or not any(liked):
            raise TuningError(
                f"--lists {file}, row {number}: items, documents and liked must be as long as each other, "
                f"and something liked; they are {len(items)}, {len(documents)}, {len(liked)}"
            )
        query = without_personal_data(row["query"])
        lists.append(LikedList(row["user"], query, tuple(items), tuple(documents), tuple(liked)))
    return lists


def _rows(file: Path, columns: Sequence[str], option: str) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.ParquetFile(file)
        names = found.schema_arrow.names
        if missing := [name for name in columns if name not in names]:
            raise TuningError(
                f"{option} {file}: no column {', '.join(missing)}, as in files of older versions; export anew: {EXPORT}"
            )
        rows: list[dict[str, Any]] = found.read(columns=list(columns)).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise TuningError(f"{option} {file}: not a Parquet file: {str(error).splitlines()[0]}; {EXPORT}") from error
    for number, row in enumerate(rows, start=1):
        if empty := [name for name in columns if row[name] is None]:
            raise TuningError(f"{option} {file}, row {number}: {', '.join(empty)} is empty")
    return rows
