"""Has a language model lead one turn of a conversation with tools, within its calls, money and time.

It comes to a turn like that of the built-in reader, or to the reason for which that one has to answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic

from components.assistant.briefing import RULES, told
from components.assistant.calls import ToolModel, ToolPrompt, ToolReply, worst_usd
from components.assistant.desk import Item, Result, ToolCatalogue, ToolDesk
from components.assistant.said import checked_words, left_out
from components.assistant.tools import ANSWER, EndTurn, described
from components.config.llm import LlmConfig, Tier
from components.conversation import replies
from components.conversation.dialogue import FoundForWishes, Turn
from components.conversation.state import Conversation
from components.reranking.calls import Failed, FailureKind
from components.reranking.metered import Asking, MeteredCalls, Spent, Way, total
from components.reranking.reasons import TitleIndex

MAX_USES = 4
"""Calls of tools in one reply; what comes behind them is not carried out."""
AGAIN = "you asked exactly this before; use what it returned, and end with answer"


@dataclass(frozen=True)
class Led(Generic[Item]):
    """A turn that a model led; `dropped` says what of its words and list was left out."""

    turn: Turn[Item]
    dropped: tuple[str, ...]
    tier: str
    spent: Spent


@dataclass(frozen=True, slots=True)
class NotLed:
    """The built-in reader has to answer."""

    reason: FailureKind
    tier: str
    spent: Spent


class Assistant:
    """One variant's way of having conversations led.

    Args:
        titles: of the catalogue, to find those that a reply names.
        perf_counter: seconds.
    """

    def __init__(
        self,
        llm: LlmConfig,
        model: ToolModel,
        calls: MeteredCalls,
        titles: TitleIndex,
        perf_counter: Callable[[], float],
    ) -> None:
        self._llm = llm
        self._model = model
        self._calls = calls
        self._titles = titles
        self._now = perf_counter
        self._tools = described()

    async def lead(
        self, state: Conversation, message: str, catalogue: ToolCatalogue[Item], k: int, user_id: str, asking: Asking
    ) -> Led[Item] | NotLed:
        """The turn by the first tier that can be asked; one that was asked and failed passes nothing on."""
        known = tuple(each for each in state.shown if each in catalogue.facts.row_of)
        state = replace(state, turns=state.turns + 1, shown=known)
        last = NotLed("error", "", Spent())
        for tier in asking.tiers:
            outcome = await self._by_tier(tier, state, message, catalogue, k, user_id, asking)
            if isinstance(outcome, Led) or outcome.spent.calls:
                return outcome
            last = outcome if not last.tier else last
        return last

    async def _by_tier(
        self,
        tier: Tier,
        state: Conversation,
        message: str,
        catalogue: ToolCatalogue[Item],
        k: int,
        user_id: str,
        asking: Asking,
    ) -> Led[Item] | NotLed:
        policy, desk = self._llm.chat, ToolDesk(state, catalogue, k)
        whys = [catalogue.why(each, state.wishes) for each in state.shown]
        messages: list[dict[str, Any]] = [{"role": "user", "content": told(desk, message, user_id, whys)}]
        spent, asked = Spent(), set[str]()
        for n_calls in range(1, policy.max_calls + 1):
            must = ANSWER if n_calls == policy.max_calls else ""
            way = await self._call(tier, ToolPrompt(RULES, self._tools, tuple(messages), must), asking, spent)
            spent = total([spent, way.spent])
            reply = way.outcome
            if isinstance(reply, Failed):
                return NotLed(reply.kind, tier.name, spent)
            results, answer = _carried_out(desk, reply, asked) if reply.uses else ([], EndTurn(reply=reply.text[:2000]))
            if answer is not None:
                if desk.act == "talk" and (not state.shown or catalogue.read(message).wishes):
                    return NotLed("idle", tier.name, spent)
                return self._led(desk, answer, message, catalogue, k, tier, spent)
            messages += [{"role": "assistant", "content": list(reply.content)}, {"role": "user", "content": results}]
        return NotLed("loop", tier.name, spent)

    async def _call(self, tier: Tier, prompt: ToolPrompt, asking: Asking, spent: Spent) -> Way[ToolReply]:
        """One call, and one more where that makes sense and there is time and money."""
        policy = self._llm.chat
        worst = worst_usd(prompt, policy.max_tokens, self._llm.price_of(tier))
        made: Way[ToolReply] = Way(Failed("turn_spent"))
        for _ in range(1 + self._llm.retries):
            if spent.cost_usd + made.spent.cost_usd + worst > policy.max_usd:
                break
            way = await self._calls.make(
                tier,
                asking,
                worst,
                lambda left: self._model.converse(tier, prompt, policy.max_tokens, left, asking.user),
                _usable,
            )
            made = Way(way.outcome, total([made.spent, way.spent]))
            if not isinstance(way.outcome, Failed) or not way.outcome.retryable or way.outcome.retry_after:
                break
        return made

    def _led(
        self,
        desk: ToolDesk[Item],
        answer: EndTurn,
        message: str,
        catalogue: ToolCatalogue[Item],
        k: int,
        tier: Tier,
        spent: Spent,
    ) -> Led[Item]:
        """The turn that the tools and the answer make, without what no tool returned."""
        state, nameable = desk.state, set(desk.nameable)
        strangers = [each for each in dict.fromkeys(answer.item_ids) if each not in nameable]
        named = [each for each in dict.fromkeys(answer.item_ids) if each in nameable and each not in state.rejected]
        if not named and desk.found is not None:
            named = list(desk.found.ids)
        named = named[:k]
        found = None
        if named and tuple(named) != state.shown:
            loosened = desk.found.loosened if desk.found else ()
            found = FoundForWishes(catalogue.shown(named, state.wishes), tuple(named), loosened)
        known = [catalogue.text_of(each, "") for each in desk.nameable]
        also = (message, *(wish.words() for wish in state.wishes))
        words = checked_words(answer.reply, known, also, self._titles, catalogue.facts.labels.names)
        parts = [words.text or _plain(desk, catalogue), left_out(len(strangers), len(words.flaws))]
        turn = Turn(
            replace(state, shown=tuple(named) or state.shown),
            desk.act,
            " ".join(part for part in parts if part),
            desk.read,
            desk.ignored,
            found,
        )
        return Led(turn, (*(f"item {each[:64]}" for each in strangers), *words.flaws), tier.name, spent)


def _usable(reply: ToolReply) -> ToolReply | Failed:
    if reply.stop == "refusal":
        return Failed("refused", reply.usage, billed=True, of_service=False)
    if reply.stop == "max_tokens":
        return Failed("truncated", reply.usage, billed=True, of_service=False)
    if not reply.uses and not reply.text.strip():
        return Failed("malformed", reply.usage, billed=True, of_service=False, detail="neither words nor tools")
    return reply


def _carried_out(
    desk: ToolDesk[Item], reply: ToolReply, asked: set[str]
) -> tuple[list[dict[str, Any]], EndTurn | None]:
    """The results of a reply's calls, or the answer among them, which counts once the others are done."""
    results, answer = [], None
    for place, use in enumerate(reply.uses):
        key = json.dumps([use.name, dict(use.arguments)], sort_keys=True, default=str)
        if place >= MAX_USES:
            made: Result | EndTurn = Result(f"at most {MAX_USES} calls at once", is_error=True)
        elif key in asked:
            made = Result(AGAIN, is_error=True)
        else:
            made = desk.use(use.name, use.arguments)
        asked.add(key)
        if isinstance(made, EndTurn):
            answer = answer or made
        else:
            result = {"type": "tool_result", "tool_use_id": use.use_id, "content": made.content}
            results.append({**result, "is_error": True} if made.is_error else result)
    return results, answer


def _plain(desk: ToolDesk[Item], catalogue: ToolCatalogue[Item]) -> str:
    """What the built-in reader would say of the same."""
    if desk.act == "explain":
        facts = catalogue.facts
        return replies.explained(facts.titles[facts.row_of[desk.state.focus]], desk.why)
    loosened: Sequence[Any] = desk.found.loosened if desk.found else ()
    return replies.refined(desk.read, desk.state.wishes, loosened, desk.ignored)
