"""Writes recommendations, and pairs of a preferred and a passed-over item, as Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from components.serving.answer import Answer

RECOMMENDATIONS = pa.schema(
    [
        ("user_id", pa.string()),
        ("rank", pa.int32()),
        ("item_id", pa.string()),
        ("title", pa.string()),
        ("category", pa.string()),
        ("score", pa.float32()),
        ("source", pa.string()),
        ("explanation", pa.string()),
        ("route", pa.string()),
        ("fallback_reason", pa.string()),
        ("degraded", pa.bool_()),
        ("release", pa.string()),
        ("variant", pa.string()),
        ("made_at", pa.timestamp("us", tz="UTC")),
    ]
)


class AnswerFile:
    """One row per recommended item; the file appears under its name once all of it is written.

    Args:
        made_at: seconds since 1970.
    """

    def __init__(self, file: Path, made_at: float) -> None:
        self._file = file
        self._aside = file.with_name(f".{file.name}.new")
        self._made_at = int(made_at * 1e6)
        file.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(self._aside, RECOMMENDATIONS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        if kind is None:
            self._aside.replace(self._file)
        else:
            self._aside.unlink()

    def write(self, answers: Sequence[Answer]) -> None:
        """Adds a group of answers, in their order."""
        rows = [
            {
                "user_id": answer.user_id,
                "rank": item.rank,
                "item_id": item.item_id,
                "title": item.title,
                "category": item.category,
                "score": item.score,
                "source": item.source,
                "explanation": item.explanation,
                "route": answer.route,
                "fallback_reason": answer.fallback_reason,
                "degraded": answer.degraded,
                "release": answer.release,
                "variant": answer.variant,
                "made_at": self._made_at,
            }
            for answer in answers
            for item in answer.items
        ]
        self._writer.write_table(pa.Table.from_pylist(rows, RECOMMENDATIONS))
