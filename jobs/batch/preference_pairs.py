"""Exports pairs of a preferred and a passed-over item, ready for fine-tuning a small model of one's own (DPO)."""

from __future__ import annotations

import json
import random
import secrets
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from bentos.served_release import ServedRelease
from components.adapters.store.engine import open_engine, reading
from components.adapters.store.tables import feedback, requests
from components.config.settings import Settings
from components.reranking.preference_pairs import PreferencePair, pairs_of
from components.reranking.prompt import PROMPT, PromptTemplate, parse_template, render
from components.serving.bundle import Bundle, read_bundle
from components.serving.recent_history import LIKED_WITHOUT_VALUE
from components.serving.requests import RecommendRequest
from components.serving.rerank_task import Met, pseudonym, task_of
from jobs.stack import bento_folder, release_store

MOST_PER_LIST = 5
RECENT = 10
PART = 1_000
DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Exported:
    """How many pairs lie in the file."""

    file: Path
    n_pairs: int


def export_pairs(settings: Settings, days: float, now: float) -> Exported:
    """One row per pair of the last `days`: prompt, the better and the worse reply, items, positions, no user id.

    Prompts are those of the live release, with the two items in random order, so that a model does not learn to prefer
    a place. Items that the live bundle does not know are left out.

    Raises:
        ValueError: nothing is live.
    """
    store = release_store(settings)
    live = store.routing().live_release
    if live is None:
        raise ValueError("nothing is live; promote a release first")
    folder = bento_folder(settings, store.release(live).bento_tag) / "src"
    release = ServedRelease.read(folder)
    text = release.control.prompt or (settings.project / "prompts" / f"{PROMPT}.md").read_text()
    salt = settings.user_salt.get_secret_value().encode() if settings.user_salt else secrets.token_bytes(32)
    writer = _Writer(read_bundle(folder / release.control.bundle), parse_template(text), salt)
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    file = settings.root / "batches" / f"preference-pairs-{stamp}.parquet"
    with reading(open_engine(settings.store_url)) as db:
        return Exported(file, writer.write(db, now - days * DAY_SECONDS, file))


class _Writer:
    def __init__(self, bundle: Bundle, template: PromptTemplate, salt: bytes) -> None:
        self._bundle = bundle
        self._template = template
        self._salt = salt

    def write(self, db: Connection, since: float, file: Path) -> int:
        import pyarrow as pa
        import pyarrow.parquet as pq

        file.parent.mkdir(parents=True, exist_ok=True)
        texts = ("request_id", "user", "release", "variant", "preferred", "passed_over")
        replies = ("system", "prompt", "chosen", "rejected")
        schema = pa.schema(
            [
                *((name, pa.string()) for name in texts),
                ("preferred_position", pa.int32()),
                ("passed_over_position", pa.int32()),
                ("explored_position", pa.int32()),
                ("shown_at", pa.float64()),
                *((name, pa.string()) for name in replies),
            ]
        )
        aside = file.with_name(f".{file.name}.new")
        n_pairs = 0
        with pq.ParquetWriter(aside, schema) as writer:
            for rows in self._parts(db, since):
                writer.write_table(pa.Table.from_pylist(rows, schema))
                n_pairs += len(rows)
        aside.replace(file)
        return n_pairs

    def _parts(self, db: Connection, since: float) -> Iterator[list[dict[str, Any]]]:
        """Rows of so many requests at a time."""
        shown = (
            select(requests)
            .where(requests.c.received_at >= since, requests.c.request_id.in_(select(feedback.c.request_id)))
            .order_by(requests.c.received_at)
        )
        for part in db.execute(shown).partitions(PART):
            liked = _liked(db, [row.request_id for row in part], self._bundle.manifest.positive_threshold)
            yield [
                self._row(db, row, pair)
                for row in part
                for pair in pairs_of(row.items, liked.get(row.request_id, set()), MOST_PER_LIST)
                if {pair.preferred, pair.passed_over} <= self._bundle.items.row_of.keys()
            ]

    def _row(self, db: Connection, row: Any, pair: PreferencePair) -> dict[str, Any]:
        items = self._bundle.items
        request = RecommendRequest.model_validate({**row.context, "user_id": row.user_id, "k": row.k})
        swapped = random.Random(f"{row.request_id} {pair}").random() < 0.5  # noqa: S311 - no secret
        order = (pair.passed_over, pair.preferred) if swapped else (pair.preferred, pair.passed_over)
        rows = np.array([items.row_of[item] for item in order], np.int32)
        task = task_of(request.model_copy(update={"explain": False}), rows, self._met(db, row), items, 0.0)
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

    def _met(self, db: Connection, row: Any) -> list[Met]:
        """What the user had met before they asked, oldest first."""
        columns = (feedback.c.item_id, feedback.c.type, feedback.c.value)
        before = (feedback.c.user_id == row.user_id) & (feedback.c.received_at < row.received_at)
        newest = select(*columns).where(before).order_by(feedback.c.sequence.desc()).limit(RECENT)
        row_of, threshold = self._bundle.items.row_of, self._bundle.manifest.positive_threshold
        events = [each for each in db.execute(newest).all() if each.item_id in row_of]
        return [Met(row_of[each.item_id], _is_like(each.type, each.value, threshold)) for each in reversed(events)]


def _liked(db: Connection, request_ids: list[str], threshold: float) -> dict[str, set[str]]:
    """Item ids that were liked, by the request that had shown them."""
    columns = (feedback.c.request_id, feedback.c.item_id, feedback.c.type, feedback.c.value)
    found: dict[str, set[str]] = defaultdict(set)
    for row in db.execute(select(*columns).where(feedback.c.request_id.in_(request_ids))):
        if _is_like(row.type, row.value, threshold):
            found[row.request_id].add(row.item_id)
    return found


def _is_like(kind: str, value: float | None, threshold: float) -> bool:
    return value is not None and value >= threshold if kind == "rating" else kind in LIKED_WITHOUT_VALUE
