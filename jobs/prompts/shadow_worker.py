"""Asks a challenger's prompt beside live traffic: `python -m jobs.prompts.shadow_worker`, a process without a port.

It follows the log of requests, and users never wait for it. What it has done is in the event store alone, so it may be
killed at any moment: it takes up requests after the last one that it asked about, and asks again what was under way.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from components.adapters.store.llm.evaluations import EvaluationStore, StoredEvaluation
from components.adapters.store.llm.shadow_log import LoggedRow, read_eligible, read_requests
from components.config.settings import SettingsError
from components.config.shadow import ShadowConfig
from components.reranking.calls import Model
from components.reranking.prompt import parse_template
from components.shadow.replay import ReplayedPrompt, ReplayTask, Terms, ask_prompt, most_usd
from components.shadow.sampling import draw
from components.shadow.tasks import replay_task
from jobs.errors import NothingThereError
from jobs.live_release import ReleaseFiles, live_release, release_files
from jobs.prompts.shadow_model import make_terms, open_client, tier_of
from jobs.wiring.workbench import Workbench, open_workbench

logger = logging.getLogger("recops.shadow")

OVERLAP_SECONDS = 120.0
"""Requests are logged a little after they came in, and not in order: so far back the log is read again."""
DAY = 86_400.0
IDLE_SECONDS = 5.0
BATCH = 20
"""Requests between two looks at what has changed meanwhile; a challenger may hang at each of them."""


@dataclass
class ShadowRound:
    """Follows the log for one evaluation.

    Args:
        now: seconds since 1970.
    """

    store: EvaluationStore
    evaluation: StoredEvaluation
    model: Model
    terms: Terms
    policy: ShadowConfig
    release_of: Callable[[str], ReleaseFiles | None]
    now: Callable[[], float] = time.time
    paused: bool = field(default=False, init=False)
    _till: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _left: list[LoggedRow] = field(default_factory=list, init=False)

    async def run_once(self) -> int:
        """Asks about every request that waits, as far as money goes; returns about how many."""
        left = self.evaluation.spec.sample_size - len(self.store.claimed(self._id, self._version))
        rows = [*self._orphans(), *self._new()[: max(0, left)]]
        prompt = ReplayedPrompt(self._version, parse_template(self.evaluation.spec.challenger_text))
        gate = asyncio.Semaphore(self.policy.live.concurrency)
        return sum(await asyncio.gather(*(self._ask(row, prompt, gate) for row in rows)))

    def adopt(self) -> list[LoggedRow]:
        """Requests that a killed worker was asking about; call once, before anything is asked."""
        self._left = read_requests(self.store.engine, self.store.under_way(self._id, self._version))
        return self._left

    def _orphans(self) -> list[LoggedRow]:
        left, self._left = self._left, []
        return left

    def _new(self) -> list[LoggedRow]:
        """The sampled share of what came in since the last request that was asked about."""
        claimed = self.store.claimed(self._id, self._version)
        since = max(self.evaluation.created_at, self.store.last_received(self._id, self._version) - OVERLAP_SECONDS)
        rows = read_eligible(self.store.engine, since, self.now())
        chosen = [row for row in rows if row.request.request_id not in claimed and self._is_sampled(row)]
        return chosen[:BATCH]

    def _is_sampled(self, row: LoggedRow) -> bool:
        wanted = row.prompt_version == str(self.evaluation.spec.champion)
        return wanted and draw(self._id, row.request.request_id) < self.policy.live.share

    async def _ask(self, row: LoggedRow, prompt: ReplayedPrompt, gate: asyncio.Semaphore) -> bool:
        task = self._task(row)
        if task is None:
            return False
        tier = self.terms.tier.name
        async with gate:
            most = most_usd(prompt, task, self.terms)
            async with self._till:
                lost = await asyncio.to_thread(self._claim, row, most)
            if lost is None:
                return False
            asked = await ask_prompt(self.model, prompt, task, self.terms, time.perf_counter)
            await asyncio.to_thread(self.store.settle, self._id, asked.reply, tier, lost)
        return True

    def _claim(self, row: LoggedRow, most: float) -> float | None:
        """What a killed worker may have paid for the request already; None where there is no money for it now."""
        name = row.request.request_id
        if not self._has_money(most):
            if name in self.store.under_way(self._id, self._version):
                self._left.append(row)  # asked again when there is money
            return None
        if self.store.claim(self._id, name, self._version, self.terms.tier.name, most):
            return 0.0
        return self.store.claim_again(self._id, name, self._version, most)

    def _has_money(self, most: float) -> bool:
        midnight = self.now() // DAY * DAY
        enough = self.store.spent_live_since(midnight) + most <= self.policy.live.daily_cap_usd
        if enough == self.paused:
            self.paused = not enough
            day = datetime.fromtimestamp(midnight, UTC).date()
            cap = f"${self.policy.live.daily_cap_usd:g}"
            logger.info("%s the cap of %s for %s", "paused at" if self.paused else "going on below", cap, day)
        return enough

    def _task(self, row: LoggedRow) -> ReplayTask | None:
        release = self.release_of(row.release_id)
        if release is None:
            return None
        strength = release.control.routing.diversity.strength
        recent = row.llm.get("recent", [])
        return replay_task(row.request, row.k, recent, release.items, self.terms.tier.candidates, strength)

    @property
    def _id(self) -> str:
        return self.evaluation.evaluation_id

    @property
    def _version(self) -> str:
        return str(self.evaluation.spec.challenger)


def main() -> None:
    """Follows the log until it is told to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line for each call
    with open_workbench() as bench:
        asyncio.run(_follow(bench))


async def _follow(bench: Workbench) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    store = bench.store.evaluations
    rounds: dict[str, ShadowRound] = {}
    while not ending.is_set():
        wait = IDLE_SECONDS
        try:
            params = bench.read_params()
            wait = params.shadow.live.poll_seconds if store.running_live() else IDLE_SECONDS
            for evaluation in store.running_live():
                round_ = rounds.get(evaluation.evaluation_id) or await _make(bench, store, evaluation, params.shadow)
                round_.evaluation, round_.policy = evaluation, params.shadow
                rounds[evaluation.evaluation_id] = round_
                asked = await round_.run_once()
                if asked:
                    logger.info("%s: asked about %d requests", evaluation.evaluation_id, asked)
        except (SQLAlchemyError, NothingThereError, SettingsError) as error:
            logger.warning("%s; trying again in %g s", error, IDLE_SECONDS)
            wait = IDLE_SECONDS
        try:
            await asyncio.wait_for(ending.wait(), wait)
        except TimeoutError:
            continue


async def _make(
    bench: Workbench, store: EvaluationStore, evaluation: StoredEvaluation, policy: ShadowConfig
) -> ShadowRound:
    live = live_release(bench)
    llm = live.control.llm
    tier = tier_of(llm, evaluation.spec.tier)
    terms = make_terms(llm, tier, live.items, policy)
    found = ShadowRound(store, evaluation, await open_client(bench, llm), terms, policy, partial(release_files, bench))
    orphans: Sequence[LoggedRow] = found.adopt()
    logger.info("%s: following, %d requests were left under way", evaluation.evaluation_id, len(orphans))
    return found


if __name__ == "__main__":
    main()
