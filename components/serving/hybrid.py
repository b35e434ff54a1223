"""Has the language model rank a request's candidates where the policy asks for it, and joins its order with the scores.

Any failure leaves the ranking as it was, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from components.access.tenants import tenant_of
from components.config.llm import LlmConfig
from components.recommenders.protocol import Ranking, Rows
from components.reranking.cascade import NotReranked, Reranked
from components.reranking.fusion import fuse
from components.reranking.metered import Asking, Spent
from components.reranking.reasons import TitleIndex, checked_reasons
from components.reranking.task import RerankTask
from components.routing.ask_policy import AskReason, Signals, is_premium, reason_to_ask, tiers_for
from components.routing.confidence import Confidence, features_of
from components.serving.bundle import Bundle
from components.serving.candidates import Candidates, UserState
from components.serving.purses import Purses
from components.serving.requests import RecommendRequest
from components.serving.rerank_task import Met, pseudonym, task_of


class Reranker(Protocol):
    """Has candidates ranked; `components.reranking.cascade.Cascade`, or what stands for it in an evaluation."""

    async def rerank(self, task: RerankTask, asking: Asking) -> Reranked | NotReranked:
        """The order, or the reason why there is none."""


class HybridObserver(Protocol):
    """Is told what is decided, for metrics."""

    def decided(self, reason: str | None) -> None:
        """The policy has decided."""

    def ended(self, fate: str) -> None:
        """A request that was asked about has its ranking."""

    def repaired(self, kind: str, times: int) -> None:
        """Reasons of this kind were dropped."""


@dataclass(frozen=True, slots=True)
class RerankOutcome:
    """What the model made of a ranking.

    Attributes:
        ranking: the joined one; None where the model did not rank.
        reasons: what it says, by item row.
        fallback_reason: why it did not rank.
        log: reason for asking, tier, outcome, tokens.
    """

    ranking: Ranking | None
    reasons: Mapping[int, str] = field(default_factory=dict)
    fallback_reason: str | None = None
    cost_usd: float = 0.0
    log: Mapping[str, object] = field(default_factory=dict)


class Hybrid:
    """One variant's second opinion.

    Args:
        cold_threshold: users with fewer interactions are cold.
        salt: of the pseudonyms under which users are known to the provider, and of the draw of their tiers.
        purses: what bounds users and payers, where others share it.
    """

    def __init__(
        self,
        bundle: Bundle,
        llm: LlmConfig,
        cold_threshold: int,
        reranker: Reranker,
        observer: HybridObserver,
        salt: bytes,
        perf_counter: Callable[[], float],
        purses: Purses | None = None,
    ) -> None:
        self._bundle = bundle
        self._llm = llm
        self._cold_threshold = cold_threshold
        self._reranker = reranker
        self._observer = observer
        self._salt = salt
        self._now = perf_counter
        self._titles = TitleIndex(bundle.items.titles)
        self._purses = purses or Purses(llm)
        self._depth = max(tier.candidates for tier in llm.tiers)

    async def second_opinion(
        self,
        request: RecommendRequest,
        request_id: str,
        asker: UserState,
        found: Candidates,
        diversity: float,
        started: float,
        payer: str = "",
        why: Callable[[Rows], Sequence[str]] | None = None,
    ) -> RerankOutcome | None:
        """The model's view of the candidates, or None where the policy does not ask for it.

        `started` is when the request arrived, in seconds of the clock; its time budget runs from there. `payer` is the
        key or the address that asks; an empty one has no limit of its own. `why` says for item rows why they are
        candidates.
        """
        reason = self._reason(request, asker, found)
        self._observer.decided(reason)
        if reason is None or len(found.ranking) < 2:
            return None
        met = self._met(asker)
        rows = found.ranking.items[: self._depth]
        task = task_of(request, rows, met, self._bundle.items, diversity, why(rows) if why else ())
        premium = request.profile is not None and is_premium(request.profile.tier, self._llm)
        if spent := self._purses.spent(request.user_id, payer, self._now()):
            return RerankOutcome(None, fallback_reason=spent)
        tiers = tiers_for(request.user_id, premium, self._llm, self._salt)
        milliseconds = request.timeout_ms or tiers[0].timeout_ms
        user = pseudonym(request.user_id, self._salt)
        deadline = started + milliseconds / 1000
        asking = Asking(request_id, user, tiers, deadline, tenant_of(payer))
        outcome = await self._reranker.rerank(task, asking)
        self._purses.spend(request.user_id, payer, outcome.spent.cost_usd, self._now())
        log = _log(reason, outcome, [[self._bundle.items.ids[each.row], each.liked] for each in met])
        if isinstance(outcome, NotReranked):
            self._observer.ended(outcome.reason)
            return RerankOutcome(
                None, fallback_reason=f"llm: {outcome.reason}", cost_usd=outcome.spent.cost_usd, log=log
            )
        self._observer.ended("reranked")
        ranking = fuse(found.ranking, outcome.order, self._llm.fusion_weight)
        return RerankOutcome(ranking, self._reasons(outcome, task, found), None, outcome.spent.cost_usd, log)

    def _reason(self, request: RecommendRequest, asker: UserState, found: Candidates) -> AskReason | None:
        n_known = len(asker.trained) + len(asker.news.seen)
        context = request.context
        confidence: Confidence | None = self._bundle.confidence
        signals = Signals(
            n_known=n_known,
            tier=request.profile.tier if request.profile else None,
            has_query=bool(context and context.query and context.query.strip()),
            has_mood=bool(context and context.mood and context.mood.strip()),
            confidence=confidence.of(features_of(found.ranking.scores, n_known))
            if confidence is not None and found.route == "cf"
            else None,
        )
        return reason_to_ask(signals, self._llm, self._cold_threshold)

    def _met(self, asker: UserState) -> list[Met]:
        """The last items of the user's history and of their news, oldest first."""
        liked = set(asker.news.liked.tolist())
        met = [Met(abs(code) - 1, code > 0) for code in self._bundle.recent_of(asker.user)]
        met += [Met(row, row in liked) for row in asker.news.seen.tolist()]
        return met[-self._llm.recent :] if self._llm.recent else []

    def _reasons(self, outcome: Reranked, task: RerankTask, found: Candidates) -> dict[int, str]:
        also = (task.profile, *task.preferences, *task.context.values())
        good, flaws = checked_reasons(outcome.reasons, task.candidates, task.recent, also, self._titles)
        for kind, times in flaws.items():
            self._observer.repaired(kind, times)
        return {int(found.ranking.items[position]): text for position, text in good.items()}


def _log(reason: AskReason, outcome: Reranked | NotReranked, recent: list[list[object]]) -> dict[str, object]:
    """`recent` (item id, liked) and `order` let another prompt be asked the same thing later."""
    spent: Spent = outcome.spent
    order = {"order": list(outcome.order)} if isinstance(outcome, Reranked) else {}
    return {
        "recent": recent,
        **order,
        "asked_for": reason,
        "tier": outcome.tier,
        "outcome": "ok" if isinstance(outcome, Reranked) else outcome.reason,
        "calls": spent.calls,
        "input_tokens": spent.usage.input,
        "output_tokens": spent.usage.output,
        "cache_read_tokens": spent.usage.cache_read,
    }
