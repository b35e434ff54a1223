"""Makes recommendations for many users at once, as the live release would."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bentos.wiring import make_variants, no_model
from components.adapters.files.answer_files import AnswerFile
from components.adapters.llm.batch_journal import BatchJournal
from components.adapters.machine.file_lock import exclusive_lock
from components.adapters.slots.kept_answers import keep_answers
from components.adapters.store.traffic.feedback_users import read_users
from components.adapters.store.traffic.user_events import UserEventReader
from components.rollout.routing import SLOTS
from components.serving.answer import Answer
from components.serving.answer_codec import encode, is_worth_keeping
from components.serving.cache_key import CacheKey, cache_key
from components.serving.recent_history import UserEvents
from components.serving.request_path import Recent
from components.serving.requests import MAX_TIMEOUT_MS, RecommendRequest
from components.serving.shelf import Shelf
from components.serving.variants import Variants
from jobs.batch.language_model import BatchLlm
from jobs.batch.reply_batches import Pace
from jobs.errors import NothingThereError
from jobs.live_release import ReleaseFiles, live_release
from jobs.wiring.workbench import Workbench

READ_SECONDS = 5.0
PART = 500
"""Users that are answered, written and kept together."""


class BatchFailed(Exception):
    """No recommendations were made; the message says why."""


@dataclass(frozen=True)
class BatchRequest:
    """What is wanted.

    Attributes:
        users: whose; None means everybody that training knows or who has done something since.
        keep: whether the answers go to the cache as well.
        pace: how batches of the language model are waited for; a later run goes on with them. None asks no model.
    """

    users: Sequence[str] | None
    k: int
    explain: bool
    keep: bool
    pace: Pace | None


@dataclass
class BatchResult:
    """What was made, and where it lies.

    Attributes:
        asked: requests to the language model, `replied` of which have a reply.
        waiting: batches that have not ended; run the same again later.
        unasked: requests for which the day's money did not suffice.
        kept: answers that went to the cache.
    """

    file: Path
    release: str
    users: int = 0
    routes: Counter[str] = field(default_factory=Counter)
    cost_usd: float = 0.0
    asked: int = 0
    replied: int = 0
    waiting: int = 0
    unasked: int = 0
    kept: int = 0


def make_batch(bench: Workbench, asked: BatchRequest, now: float, report: Callable[[str], None]) -> BatchResult:
    """One Parquet file of recommendations; what was paid for once is not asked again.

    Raises:
        BatchFailed: nothing is live.
        LockTimeoutError: another batch is under way.
        BatchError: the Batches API refuses; what was handed over is known to the next run.
    """
    try:
        live = live_release(bench)
    except NothingThereError as error:
        raise BatchFailed(str(error)) from error
    home = bench.settings.root / "batches"
    budget, reader = bench.store.llm_budget(), bench.store.user_events(READ_SECONDS)
    try:
        with exclusive_lock(home / "lock", 0.0):
            reader.open(READ_SECONDS)
            llm = BatchLlm(bench, live.served, BatchJournal(home / "journal.jsonl"), budget)
            batch = _Batch(bench, asked, live, llm, reader, report)
            return batch.make(home, now)
    finally:
        reader.close()
        budget.close()


@dataclass(frozen=True)
class _Batch:
    """One run, whose steps share all this."""

    bench: Workbench
    asked: BatchRequest
    live: ReleaseFiles
    llm: BatchLlm
    reader: UserEventReader
    report: Callable[[str], None]
    shelves: dict[str, Shelf] = field(default_factory=dict)

    def make(self, home: Path, now: float) -> BatchResult:
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        made = BatchResult(home / f"recommendations-{self.live.release_id}-{stamp}.parquet", self.live.release_id)
        variants = self._variants()
        self.shelves.update(self._shelves(variants, now))
        users = list(dict.fromkeys(self._everybody(variants) if self.asked.users is None else self.asked.users))
        self.report(f"{len(users):,} users, release {made.release}")
        if self.asked.pace is not None:
            if self.llm.notes:
                asyncio.run(self._note(variants, users))
            self.llm.fetch(self.asked.pace, self.report)
            made.asked, made.replied = self.llm.n_noted, len(self.llm.gathered.replies)
            made.waiting, made.unasked = self.llm.gathered.waiting, self.llm.gathered.unasked
            variants = self._variants()
        with AnswerFile(made.file, now) as file:
            asyncio.run(self._write(variants, users, file, made))
        return made

    def _variants(self) -> Variants:
        hybrid_of = self.llm.hybrid_of if self.asked.pace is not None else no_model
        return make_variants(self.live.served, self.live.folder, "batch", hybrid_of)

    async def _note(self, variants: Variants, users: Sequence[str]) -> None:
        """Answers everybody once, so that the model is asked for each reply that it will be asked for again."""
        for user in users:
            await self._answer(variants, user)

    async def _write(self, variants: Variants, users: Sequence[str], file: AnswerFile, made: BatchResult) -> None:
        for part in _parts(users):
            pairs = [await self._answer(variants, user) for user in part]
            answers = [answer for answer, _ in pairs]
            file.write(answers)
            made.users += len(answers)
            made.routes.update(answer.route for answer in answers)
            made.cost_usd += sum(answer.cost_usd for answer in answers)
            if self.asked.keep:
                made.kept += await asyncio.to_thread(self._keep, pairs)
        await self.llm.aclose()

    async def _answer(self, variants: Variants, user: str) -> tuple[Answer, CacheKey | None]:
        """The answer, and its key, None where it should not be kept."""
        path = variants.path_of(user)
        # The id is the same in each run, as the order in which candidates are shown may depend on it.
        request = RecommendRequest(user_id=user, k=self.asked.k, explain=self.asked.explain, timeout_ms=MAX_TIMEOUT_MS)
        recent: Recent = await self.reader.read(user)
        shelf = self.shelves[path.variant]
        answer = await path.answer(request, f"batch-{self.live.release_id}", recent, shelf=shelf)
        if not isinstance(recent, UserEvents) or not is_worth_keeping(answer) or self._explores(path.variant):
            return answer, None
        return answer, cache_key(request, path.release_id, path.variant, recent.state, shelf.version)

    def _shelves(self, variants: Variants, now: float) -> dict[str, Shelf]:
        """What is off now, by variant."""
        switched = [each.item_id for each in self.bench.store.items_off.at(now)]
        return {path.variant: path.off_switch.shelf_at(now, switched) for path in variants.all_paths()}

    def _explores(self, variant: str) -> bool:
        """Whether the service leaves positions to chance, which it draws for each request."""
        policies = [each.routing for each in self.live.served.variants if each.name == variant]
        return any(each.exploration.share > 0 or each.new_items.share > 0 for each in policies)

    def _keep(self, pairs: Sequence[tuple[Answer, CacheKey | None]]) -> int:
        entries = [(key, encode(answer)) for answer, key in pairs if key is not None]
        seconds, settings = self.live.control.routing.cache.ttl_seconds, self.bench.settings
        return keep_answers(settings, [url for slot in SLOTS for url in settings.slot_urls(slot)], entries, seconds)

    def _everybody(self, variants: Variants) -> list[str]:
        known = variants.control.bundle.user_ids
        return [*known, *read_users(self.bench.store.engine)]


def _parts(users: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(users), PART):
        yield users[start : start + PART]
