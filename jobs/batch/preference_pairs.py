"""Exports pairs of a preferred and a passed-over item, and the lists they are from, for tuning a model of one's own."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from components.adapters.store.traffic.shown_lists import LoggedEvent, LoggedList, read_shown_lists
from components.reranking.preference_pairs import PreferencePair, pairs_of
from components.reranking.prompt import PromptTemplate, RenderedPrompt, parse_template, render
from components.serving.bundle import Bundle
from components.serving.recent_history import LIKED_WITHOUT_VALUE
from components.serving.requests import RecommendRequest
from components.serving.rerank_task import Met, pseudonym, task_of
from jobs.errors import NothingThereError
from jobs.live_release import live_release
from jobs.wiring.workbench import Workbench

if TYPE_CHECKING:
    import pyarrow as pa

MOST_PER_LIST = 5
RECENT = 10
DAY_SECONDS = 86_400.0
TEXTS = ("request_id", "user", "release", "variant", "preferred", "passed_over")
REPLIES = ("system", "prompt", "chosen", "rejected")
DOCUMENTS = ("query", "preferred_document", "passed_over_document")


@dataclass(frozen=True)
class Exported:
    """How many pairs lie in the file, and how many lists in the one beside it."""

    file: Path
    n_pairs: int
    lists_file: Path
    n_lists: int


def export_pairs(bench: Workbench, days: float, now: float) -> Exported:
    """One row per pair of the last `days`: prompt, the better and the worse reply, items, positions, no user id.

    Prompts are those of the live release, with the two items in random order, so that a model does not learn to prefer
    a place; `query` and the documents are what a reranker is asked. Items that the live bundle does not know are left
    out. A second file has one row per list with a liked item, in the ranker's own order, to judge another order by.

    Raises:
        ValueError: nothing is live.
    """
    try:
        live = live_release(bench)
    except NothingThereError as error:
        raise ValueError(str(error)) from error
    given = bench.settings.user_salt
    salt = given.get_secret_value().encode() if given else secrets.token_bytes(32)
    rows = _PairRows(live.read_bundle(), parse_template(live.control.prompt or bench.project_prompt()), salt)
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    folder = bench.settings.root / "batches"
    file, lists_file = folder / f"preference-pairs-{stamp}.parquet", folder / f"preference-lists-{stamp}.parquet"

    def each(rows_of: Callable[[LoggedList], list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
        for part in read_shown_lists(bench.store.engine, now - days * DAY_SECONDS, RECENT):
            yield [row for one in part for row in rows_of(one)]

    n_pairs = _write(file, _pair_schema(), each(rows.of))
    return Exported(file, n_pairs, lists_file, _write(lists_file, _list_schema(), each(rows.list_of)))


def _pair_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            *((name, pa.string()) for name in TEXTS),
            ("preferred_position", pa.int32()),
            ("passed_over_position", pa.int32()),
            ("explored_position", pa.int32()),
            ("shown_at", pa.float64()),
            *((name, pa.string()) for name in REPLIES),
            *((name, pa.string()) for name in DOCUMENTS),
        ]
    )


def _list_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            *((name, pa.string()) for name in ("request_id", "user", "release", "variant")),
            ("explored_position", pa.int32()),
            ("shown_at", pa.float64()),
            ("query", pa.string()),
            ("items", pa.list_(pa.string())),
            ("documents", pa.list_(pa.string())),
            ("positions", pa.list_(pa.int32())),
            ("liked", pa.list_(pa.bool_())),
        ]
    )


def _write(file: Path, schema: pa.Schema, parts: Iterable[list[dict[str, Any]]]) -> int:
    """Writes the file in one move; returns how many rows it has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.new")
    n_rows = 0
    with pq.ParquetWriter(aside, schema) as writer:
        for rows in parts:
            writer.write_table(pa.Table.from_pylist(rows, schema))
            n_rows += len(rows)
    aside.replace(file)
    return n_rows


class _PairRows:
    """Rows of the file, from what the live release knows."""

    def __init__(self, bundle: Bundle, template: PromptTemplate, salt: bytes) -> None:
        self._bundle = bundle
        self._template = template
        self._salt = salt

    def of(self, shown: LoggedList) -> list[dict[str, Any]]:
        """The pairs of one list."""
        liked = {told.item_id for told in shown.told if self._is_like(told)}
        return [
            self._row(shown, pair)
            for pair in pairs_of(shown.row.items, liked, MOST_PER_LIST)
            if {pair.preferred, pair.passed_over} <= self._bundle.items.row_of.keys()
        ]

    def list_of(self, shown: LoggedList) -> list[dict[str, Any]]:
        """The list itself, if something in it was liked: items as the ranker had them, and where they were shown.

        What a language model moved goes back to the ranker's place; what stands in no candidates comes last.
        """
        row = shown.row
        liked = {told.item_id for told in shown.told if self._is_like(told)}
        position = {item: place for place, item in enumerate(row.items, start=1) if item in self._bundle.items.row_of}
        rank = {item: place for place, item in enumerate(row.candidates)}
        order = sorted(position, key=lambda item: (rank.get(item, len(rank)), position[item]))
        if not liked.intersection(order):
            return []
        prompt = self._prompt(shown, order)
        return [
            {
                "request_id": row.request_id,
                "user": pseudonym(row.user_id, self._salt),
                "release": row.release_id,
                "variant": row.variant,
                "explored_position": row.explored_position,
                "shown_at": row.received_at,
                "query": prompt.query,
                "items": order,
                "documents": list(prompt.documents),
                "positions": [position[item] for item in order],
                "liked": [item in liked for item in order],
            }
        ]

    def _prompt(self, shown: LoggedList, order: Sequence[str]) -> RenderedPrompt:
        """What a model is asked about these items, without a wish for reasons."""
        row, items = shown.row, self._bundle.items
        request = RecommendRequest.model_validate({**row.context, "user_id": row.user_id, "k": row.k})
        rows = np.array([items.row_of[item] for item in order], np.int32)
        task = task_of(request.model_copy(update={"explain": False}), rows, self._met(shown), items, 0.0)
        return render(self._template, task, range(len(order)))

    def _row(self, shown: LoggedList, pair: PreferencePair) -> dict[str, Any]:
        row = shown.row
        swapped = random.Random(f"{row.request_id} {pair}").random() < 0.5  # noqa: S311 - no secret
        order = (pair.passed_over, pair.preferred) if swapped else (pair.preferred, pair.passed_over)
        prompt = self._prompt(shown, order)
        best = order.index(pair.preferred) + 1
        document = dict(zip(order, prompt.documents, strict=True))
        return {
            "request_id": row.request_id,
            "user": pseudonym(row.user_id, self._salt),
            "release": row.release_id,
            "variant": row.variant,
            "preferred": pair.preferred,
            "passed_over": pair.passed_over,
            "preferred_position": pair.preferred_position,
            "passed_over_position": pair.passed_over_position,
            "explored_position": row.explored_position,
            "shown_at": row.received_at,
            "system": "\n\n".join(prompt.stable),
            "prompt": prompt.user,
            "chosen": json.dumps({"order": [best, 3 - best]}),
            "rejected": json.dumps({"order": [3 - best, best]}),
            "query": prompt.query,
            "preferred_document": document[pair.preferred],
            "passed_over_document": document[pair.passed_over],
        }

    def _met(self, shown: LoggedList) -> list[Met]:
        """What the user had met before they asked, oldest first."""
        row_of = self._bundle.items.row_of
        return [Met(row_of[told.item_id], self._is_like(told)) for told in shown.before if told.item_id in row_of]

    def _is_like(self, told: LoggedEvent) -> bool:
        if told.type == "rating":
            return told.value is not None and told.value >= self._bundle.manifest.positive_threshold
        return told.type in LIKED_WITHOUT_VALUE
