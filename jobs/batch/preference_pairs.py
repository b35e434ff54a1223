"""Exports pairs of a preferred and a passed-over item, ready for fine-tuning a small model of one's own (DPO)."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from components.adapters.store.traffic.shown_lists import LoggedEvent, LoggedList, read_shown_lists
from components.reranking.preference_pairs import PreferencePair, pairs_of
from components.reranking.prompt import PromptTemplate, parse_template, render
from components.serving.bundle import Bundle
from components.serving.recent_history import LIKED_WITHOUT_VALUE
from components.serving.requests import RecommendRequest
from components.serving.rerank_task import Met, pseudonym, task_of
from jobs.errors import NothingThereError
from jobs.live_release import live_release
from jobs.wiring.workbench import Workbench

MOST_PER_LIST = 5
RECENT = 10
DAY_SECONDS = 86_400.0
TEXTS = ("request_id", "user", "release", "variant", "preferred", "passed_over")
REPLIES = ("system", "prompt", "chosen", "rejected")


@dataclass(frozen=True)
class Exported:
    """How many pairs lie in the file."""

    file: Path
    n_pairs: int


def export_pairs(bench: Workbench, days: float, now: float) -> Exported:
    """One row per pair of the last `days`: prompt, the better and the worse reply, items, positions, no user id.

    Prompts are those of the live release, with the two items in random order, so that a model does not learn to prefer
    a place. Items that the live bundle does not know are left out.

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
    file = bench.settings.root / "batches" / f"preference-pairs-{stamp}.parquet"
    shown = read_shown_lists(bench.store.engine, now - days * DAY_SECONDS, RECENT)
    return Exported(file, _write(file, ([row for one in part for row in rows.of(one)] for part in shown)))


def _write(file: Path, parts: Iterable[list[dict[str, Any]]]) -> int:
    """Writes the file in one move; returns how many rows it has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema(
        [
            *((name, pa.string()) for name in TEXTS),
            ("preferred_position", pa.int32()),
            ("passed_over_position", pa.int32()),
            ("explored_position", pa.int32()),
            ("shown_at", pa.float64()),
            *((name, pa.string()) for name in REPLIES),
        ]
    )
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

    def _row(self, shown: LoggedList, pair: PreferencePair) -> dict[str, Any]:
        row, items = shown.row, self._bundle.items
        request = RecommendRequest.model_validate({**row.context, "user_id": row.user_id, "k": row.k})
        swapped = random.Random(f"{row.request_id} {pair}").random() < 0.5  # noqa: S311 - no secret
        order = (pair.passed_over, pair.preferred) if swapped else (pair.preferred, pair.passed_over)
        rows = np.array([items.row_of[item] for item in order], np.int32)
        task = task_of(request.model_copy(update={"explain": False}), rows, self._met(shown), items, 0.0)
        prompt = render(self._template, task, range(2))
        best = order.index(pair.preferred) + 1
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
        }

    def _met(self, shown: LoggedList) -> list[Met]:
        """What the user had met before they asked, oldest first."""
        row_of = self._bundle.items.row_of
        return [Met(row_of[told.item_id], self._is_like(told)) for told in shown.before if told.item_id in row_of]

    def _is_like(self, told: LoggedEvent) -> bool:
        if told.type == "rating":
            return told.value is not None and told.value >= self._bundle.manifest.positive_threshold
        return told.type in LIKED_WITHOUT_VALUE
