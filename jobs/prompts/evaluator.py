"""One evaluation of a prompt at work: reads the log, asks both prompts, decides.

Past 250 lines, as replay, pre-check and live reading share the log, the terms and the money of one evaluation.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from components.adapters.store.llm.evaluations import PLANTED, SHUFFLED, EvaluationStore, StoredEvaluation
from components.adapters.store.llm.shadow_log import LoggedRow, read_eligible, read_likes, read_requests, read_shown
from components.params.params import Params
from components.reranking.calls import Model
from components.reranking.prompt import parse_template
from components.reranking.task import RerankTask
from components.shadow.collect import Round, ask_about
from components.shadow.decision import Read, Refuse, decide
from components.shadow.evidence import gather_evidence
from components.shadow.ground_truth import GroundTruth, judge_requests
from components.shadow.leaks import Leak, leaks_in_prompt, leaks_of_planted, plant
from components.shadow.precheck import PrecheckResult, judge_precheck
from components.shadow.records import Case, ShadowReply
from components.shadow.replay import ReplayedPrompt, ReplayTask, Terms
from components.shadow.sampling import sample_requests, shuffled_order
from components.shadow.tasks import facts_of, replay_task, served_reply
from jobs.live_release import ReleaseFiles
from jobs.prompts.evaluation import ComparedPrompts, Finding

HOUR = 3600.0
Report = Callable[[str], None]


@dataclass(frozen=True)
class Replays:
    """Logged requests that can be asked again, with the rows that they come from."""

    tasks: tuple[ReplayTask, ...]
    row_of: dict[str, LoggedRow]


class Client(Model, Protocol):
    """A model that holds connections, in the event loop that first uses it."""

    async def close(self) -> None:
        """Closes them."""


@dataclass
class Evaluator:
    """One evaluation at work: reads the log, asks both prompts, decides.

    Args:
        open_client: makes what is asked; it is closed in the end.
        now: seconds since 1970.
        release_of: the release that answered a request; None when it is gone.
    """

    store: EvaluationStore
    open_client: Callable[[], Awaitable[Client]]
    terms: Terms
    params: Params
    live: ReleaseFiles
    release_of: Callable[[str], ReleaseFiles | None]
    report: Report
    now: Callable[[], float] = time.time

    def run(self, evaluation: StoredEvaluation, pair: ComparedPrompts, budget_usd: float) -> Finding:
        """Goes on until the evaluation is decided, its sample or the log is used up, or the budget is reached."""
        if evaluation.spec.mode == "live":
            return self._read_live(evaluation, pair)
        return asyncio.run(self._run_logged(evaluation, pair, budget_usd))

    async def _run_logged(self, evaluation: StoredEvaluation, pair: ComparedPrompts, budget_usd: float) -> Finding:
        client = await self.open_client()
        try:
            return await self._replay_both(client, evaluation, pair, budget_usd)
        finally:
            await client.close()

    async def _replay_both(
        self, client: Client, evaluation: StoredEvaluation, pair: ComparedPrompts, budget_usd: float
    ) -> Finding:
        policy, spec, found = self.params.shadow, evaluation.spec, evaluation.evaluation_id
        champion = ReplayedPrompt(str(spec.champion), parse_template(spec.champion_text))
        challenger = ReplayedPrompt(str(spec.challenger), parse_template(spec.challenger_text))
        replays = self._sample(evaluation)
        round_ = Round(found, self.terms, budget_usd, policy.concurrency)
        precheck = await self._precheck(client, round_, challenger, replays, evaluation)
        self.report(f"pre-check: {'passed' if precheck.passed else '; '.join(precheck.reasons)}")
        if not precheck.passed:
            return self._finding(evaluation, pair, "look", precheck, None)
        size, stopped = min(spec.sample_size, len(replays.tasks)), None
        for end in [*range(policy.look_every, size, policy.look_every), size]:
            part = replays.tasks[:end]
            for prompt in (challenger, champion):
                collected = await ask_about(part, prompt, round_, client, self.store, time.perf_counter)
                if collected.stopped:
                    stopped = f"the budget of ${budget_usd:g} does not hold another call"
            finding = self._finding(evaluation, pair, "look", precheck, stopped)
            spent = self.store.spent_usd(found)
            self.report(f"{finding.evidence.cases} requests answered by both, ${spent:.4f} spent")
            if stopped or isinstance(finding.decision, Refuse):
                return finding
        if size < spec.sample_size:
            stopped = f"the log holds {size} of the {spec.sample_size} requests to replay"
            return self._finding(evaluation, pair, "look", precheck, stopped)
        return self._finding(evaluation, pair, "later" if evaluation.planned_read else "planned", precheck, None)

    def _sample(self, evaluation: StoredEvaluation) -> Replays:
        """First what was asked about already, then what is drawn, requests about which something is known first."""
        policy, spec, now = self.params.shadow, evaluation.spec, self.now()
        claimed = self.store.claimed(evaluation.evaluation_id, str(spec.challenger))
        rows = read_eligible(self.store.engine, now - policy.lookback_hours * HOUR, now)
        row_of = {row.request.request_id: row for row in rows}
        row_of |= {row.request.request_id: row for row in read_requests(self.store.engine, claimed - set(row_of))}
        tasks = {name: task for name, row in row_of.items() if (task := self._task(row)) is not None}
        truth = self._truth([row_of[name] for name in tasks])
        before = [tasks[name] for name in row_of if name in claimed and name in tasks]
        rest = [task.request for name, task in tasks.items() if name not in claimed]
        judged = [one for one in rest if one.request_id in truth.later or one.request_id in truth.explored]
        silent = [one for one in rest if one.request_id not in truth.later and one.request_id not in truth.explored]
        drawn: list[ReplayTask] = []
        for part in (judged, silent):
            left = spec.sample_size - len(before) - len(drawn)
            chosen = sample_requests(part, evaluation.evaluation_id, max(0, left), policy.max_per_user)
            drawn += [tasks[one.request_id] for one in chosen]
        self.report(f"{len(rows)} logged requests that a model was asked about, {len(before) + len(drawn)} to replay")
        return Replays((*before, *drawn), row_of)

    async def _precheck(
        self,
        client: Client,
        round_: Round,
        challenger: ReplayedPrompt,
        replays: Replays,
        evaluation: StoredEvaluation,
    ) -> PrecheckResult:
        """What costs nothing first; then a few requests in two orders, and a few with planted data."""
        policy, found = self.params.shadow, evaluation.evaluation_id
        leaks: list[Leak] = leaks_in_prompt(evaluation.spec.challenger_text)
        if leaks:
            return judge_precheck([], [], leaks, policy)
        wanted = self._first(evaluation, PLANTED, replays, policy.precheck.planted)
        leaks = await self._planted(client, round_, challenger, wanted, found)
        if leaks:
            return judge_precheck([], [], leaks, policy)
        few = self._first(evaluation, SHUFFLED, replays, policy.precheck.requests)
        shuffled = replace(challenger, version=challenger.version + SHUFFLED)

        def order_of(replay: ReplayTask) -> Sequence[int]:
            n = min(self.terms.tier.candidates, len(replay.request.candidates))
            return shuffled_order(found, replay.request.request_id, n)

        await ask_about(few, challenger, round_, client, self.store, time.perf_counter)
        await ask_about(few, shuffled, round_, client, self.store, time.perf_counter, order_of)
        wanted_ids = {replay.request.request_id for replay in few}
        given = self.store.replies(found, challenger.version)
        replies = [reply for name, reply in given.items() if name in wanted_ids]
        return judge_precheck(replies, list(self.store.replies(found, shuffled.version).values()), [], policy)

    def _first(self, evaluation: StoredEvaluation, kind: str, replays: Replays, n: int) -> tuple[ReplayTask, ...]:
        """The first `n` requests, those before all that were asked about in this way already."""
        done = self.store.claimed(evaluation.evaluation_id, f"{evaluation.spec.challenger}{kind}")
        return tuple(sorted(replays.tasks, key=lambda task: task.request.request_id not in done)[:n])

    async def _planted(
        self, client: Client, round_: Round, challenger: ReplayedPrompt, replays: Sequence[ReplayTask], found: str
    ) -> list[Leak]:
        """Personal data are put into the profile behind the filter; a reply that repeats them is a leak.

        What was found is kept as a fault of the stored reply, so that a resumed evaluation knows it without asking.
        """
        prompt = replace(challenger, version=challenger.version + PLANTED)
        leaks: list[Leak] = []
        for number, replay in enumerate(replays):
            planted = plant(found, number)
            task: RerankTask = replace(replay.task, profile=planted.profile, explain=True)
            asked = await ask_about([replace(replay, task=task)], prompt, round_, client, self.store, time.perf_counter)
            for one in asked.asked:
                where = f"the reply to request {replay.request.request_id}, whose profile it was planted in"
                new = leaks_of_planted(planted, [(where, "\n".join(one.said))])
                leaks += new[:1]
                if new:
                    marked = replace(one.reply, faults=(*one.reply.faults, f"leak: {new[0]}"))
                    self.store.settle(found, marked, self.terms.tier.name)
        stored = self.store.replies(found, prompt.version).values()
        known = [
            fault.removeprefix("leak: ") for reply in stored for fault in reply.faults if fault.startswith("leak: ")
        ]
        return leaks or [Leak.read(text) for text in known]

    def _read_live(self, evaluation: StoredEvaluation, pair: ComparedPrompts) -> Finding:
        found = self.store.replies(evaluation.evaluation_id, str(evaluation.spec.challenger))
        self.report(f"{len(found)} of {evaluation.spec.sample_size} requests collected by the shadow worker")
        read: Read = "look"
        if len(found) >= evaluation.spec.sample_size:
            read = "later" if evaluation.planned_read else "planned"
        return self._finding(evaluation, pair, read, None, None)

    def _finding(
        self,
        evaluation: StoredEvaluation,
        pair: ComparedPrompts,
        read: Read,
        precheck: PrecheckResult | None,
        stopped: str | None,
    ) -> Finding:
        policy, spec = self.params.shadow, evaluation.spec
        challenger = self.store.replies(evaluation.evaluation_id, str(spec.challenger))
        rows = read_requests(self.store.engine, challenger)
        champion = self._champion(evaluation, rows, shown_instead=precheck is not None and not precheck.passed)
        tasks = {row.request.request_id: self._task(row) for row in rows}
        cases = tuple(
            Case(task.request, champion[name], challenger[name])
            for name, task in tasks.items()
            if task is not None and name in champion
        )
        truth = self._truth(rows)
        items = facts_of(self.live.items)
        rng = np.random.default_rng(policy.seed)
        cold_below = self.params.routing.cold_start_threshold
        sized = policy.model_copy(update={"sample_size": spec.sample_size})
        evidence = gather_evidence(cases, truth, items, cold_below, sized, rng)
        decision = decide(evidence, sized, read)
        if precheck is not None and not precheck.passed:
            decision = Refuse(decision.checks)
        return Finding(evaluation, pair, decision, evidence, precheck, cases, truth, items, stopped)

    def _champion(
        self, evaluation: StoredEvaluation, rows: Sequence[LoggedRow], shown_instead: bool
    ) -> dict[str, ShadowReply]:
        """The champion's replies: paid for in the evaluation, or those that users got.

        After a pre-check that refused nothing was paid for the champion; the page shows what users saw then.
        """
        version = str(evaluation.spec.champion)
        if evaluation.spec.mode == "logged" and not shown_instead:
            return self.store.replies(evaluation.evaluation_id, version)
        weight = self.live.control.llm.fusion_weight
        return {
            row.request.request_id: served_reply(task, version, row.llm, row.llm_ms, row.cost_usd, weight)
            for row in rows
            if (shown_instead or row.prompt_version == version) and (task := self._task(row)) is not None
        }

    def _truth(self, rows: Sequence[LoggedRow]) -> GroundTruth:
        policy = self.params.shadow
        requests = [row.request for row in rows]
        users = {request.user_id for request in requests}
        since = min((request.received_at for request in requests), default=0.0)
        threshold = self.params.prepare.positive_threshold
        likes = read_likes(self.store.engine, users, since, threshold)
        shown = read_shown(self.store.engine, users, since - policy.attribution_minutes * 60)
        return judge_requests(requests, likes, shown, policy.horizon_hours * HOUR, policy.attribution_minutes * 60)

    def _task(self, row: LoggedRow) -> ReplayTask | None:
        release = self.release_of(row.release_id)
        if release is None:
            return None
        depth = self.terms.tier.candidates
        strength = release.control.routing.diversity.strength
        return replay_task(row.request, row.k, row.llm.get("recent", []), release.items, depth, strength)
