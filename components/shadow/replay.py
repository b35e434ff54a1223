"""Asks one prompt about one logged request, and reads the reply as the service would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from components.config.llm import Price, Tier
from components.recommenders.protocol import Ranking
from components.reranking.calls import Failed, Model
from components.reranking.cost import TokenUsage, cost_usd, worst_cost_usd
from components.reranking.fusion import fuse
from components.reranking.prompt import PromptTemplate, render
from components.reranking.reasons import REASON_LIMIT, TitleIndex, checked_reasons
from components.reranking.reply_parser import ParsedReply
from components.reranking.task import RerankTask
from components.reranking.verdict import read_order
from components.shadow.language import LANGUAGE_FAULT, is_other_language
from components.shadow.records import LoggedRequest, ShadowReply

MOST_CHARACTERS = 2 * REASON_LIMIT
"""Of an explanation; it is cut at half of that, and one much longer was not written for a line under a title."""
Clock = Callable[[], float]
"""Seconds, monotonic."""


@dataclass(frozen=True)
class ReplayTask:
    """A logged request and what a model is told about it; `task.candidates` are those of `request`, in their order.

    Attributes:
        timeout_ms: how long this request's user was ready to wait, where they said so.
    """

    request: LoggedRequest
    task: RerankTask
    timeout_ms: int | None = None


@dataclass(frozen=True)
class ReplayedPrompt:
    """A version of the prompt, as the registry names it."""

    version: str
    template: PromptTemplate


@dataclass(frozen=True)
class Terms:
    """On what terms both prompts are asked: the same model, the same limits.

    Attributes:
        fusion_weight: of the model's order beside the scores it was given, as in the release.
        seconds: that one call may take; a reply that comes later than the request, or else the tier, allows
            counts as none.
        titles: of the whole catalogue.
        language: that explanations are to be in, as an ISO 639-1 code.
    """

    tier: Tier
    price: Price
    fusion_weight: float
    seconds: float
    titles: TitleIndex
    language: str = "en"


@dataclass(frozen=True)
class ReplayedAnswer:
    """The reply as it is stored, and what was sent and said, which is looked at and then forgotten."""

    reply: ShadowReply
    sent: str
    said: tuple[str, ...]


async def ask_prompt(
    model: Model,
    prompt: ReplayedPrompt,
    replay: ReplayTask,
    terms: Terms,
    clock: Clock,
    order: Sequence[int] | None = None,
) -> ReplayedAnswer:
    """What came of it; never raises for what the model does.

    A call that fails leaves the ranking that was given, as a user would have seen. No user is named to the provider.

    Args:
        order: in which the candidates are shown, as positions; by default as they stand.
    """
    n = min(terms.tier.candidates, len(replay.request.candidates))
    shown = list(range(n)) if order is None else [place for place in order if place < n]
    rendered = render(prompt.template, replay.task, shown)
    started = clock()
    answered = await model.ask(terms.tier, rendered, terms.seconds, "")
    milliseconds = (clock() - started) * 1000
    read = answered if isinstance(answered, Failed) else read_order(answered, rendered, replay.task.k)
    sent = "\n".join((*rendered.stable, rendered.user))
    worst = worst_cost_usd(rendered, terms.tier.max_tokens, terms.price)
    usage, cost = _paid(answered.usage, isinstance(answered, Failed) and answered.billed, worst, terms.price)
    reply = ShadowReply(
        replay.request.request_id,
        prompt.version,
        replay.request.candidates,
        input_tokens=usage.input + usage.cache_write,
        output_tokens=usage.output,
        cache_read_tokens=usage.cache_read,
        cost_usd=cost,
        latency_ms=milliseconds,
    )
    if isinstance(read, ParsedReply) and milliseconds > (replay.timeout_ms or terms.tier.timeout_ms):
        read = Failed("timeout")  # it came, but later than a user waits
    if isinstance(read, Failed):
        text = "" if isinstance(answered, Failed) else answered.text
        return ReplayedAnswer(replace(reply, outcome=read.kind), sent, (text,) if text else ())
    assert not isinstance(answered, Failed)  # noqa: S101 - only a reply can be read
    read = _in_positions(read, shown)
    good, flaws = _explanations(read, replay, n, terms)
    reply = replace(
        reply,
        ranking=_joined(replay.request, read.order, terms.fusion_weight),
        by_model=tuple(replay.request.candidates[place] for place in read.order[: read.n_placed]),
        faults=tuple(sorted(read.repairs)),
        explanations={replay.request.candidates[place]: text for place, text in good.items()},
        explanation_faults=flaws,
    )
    return ReplayedAnswer(reply, sent, (answered.text, *read.reasons.values()))


def most_usd(prompt: ReplayedPrompt, replay: ReplayTask, terms: Terms) -> float:
    """The most that one call can cost."""
    n = min(terms.tier.candidates, len(replay.request.candidates))
    return worst_cost_usd(render(prompt.template, replay.task, range(n)), terms.tier.max_tokens, terms.price)


def _paid(usage: TokenUsage | None, may_be_billed: bool, worst: float, price: Price) -> tuple[TokenUsage, float]:
    if usage is not None:
        return usage, cost_usd(usage, price)
    return TokenUsage(), worst if may_be_billed else 0.0


def _in_positions(read: ParsedReply, shown: Sequence[int]) -> ParsedReply:
    """The same reply with positions in the request rather than in what was shown; unplaced ones as they were given."""
    placed = tuple(shown[place] for place in read.order[: read.n_placed])
    rest = tuple(sorted(set(shown) - set(placed)))
    reasons = {shown[place]: text for place, text in read.reasons.items()}
    return replace(read, order=(*placed, *rest), reasons=reasons)


def _joined(request: LoggedRequest, order: Sequence[int], weight: float) -> tuple[str, ...]:
    given = Ranking(np.arange(len(request.candidates), dtype=np.int32), np.asarray(request.scores, np.float32))
    return tuple(request.candidates[place] for place in fuse(given, order, weight).items.tolist())


def _explanations(
    read: ParsedReply, replay: ReplayTask, n: int, terms: Terms
) -> tuple[Mapping[int, str], tuple[str, ...]]:
    task = replay.task
    said = (task.profile, *task.context.values(), *task.preferences)
    good, flaws = checked_reasons(read.reasons, task.candidates[:n], task.recent, said, terms.titles)
    kinds = set(flaws)
    if any(len(text) > MOST_CHARACTERS for text in read.reasons.values()):
        kinds.add("too_long")
    if is_other_language(" ".join(good.values()), terms.language):
        kinds.add(LANGUAGE_FAULT)
    return good, tuple(sorted(kinds))
