"""Has a language model lead a turn of somebody's conversation, within what they and who asks for them may cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from components.access.tenants import local_id, tenant_of
from components.assistant.desk import ToolCatalogue
from components.assistant.lead import Assistant, Led
from components.config.llm import LlmConfig
from components.conversation.dialogue import Turn
from components.conversation.state import Conversation
from components.reranking.metered import Asking
from components.routing.ask_policy import tiers_for
from components.serving.purses import Purses
from components.serving.rerank_task import pseudonym

Item = TypeVar("Item")


class TurnObserver(Protocol):
    """Is told how turns end, for metrics."""

    def led(self, fate: str) -> None:
        """A turn was led by the model ("led"), or not, for this reason."""


@dataclass(frozen=True)
class LedTurn(Generic[Item]):
    """What the model made of a message.

    Attributes:
        turn: None where the built-in reader has to answer, for `fallback_reason`.
        dropped: what of the model's words and list was left out.
    """

    turn: Turn[Item] | None
    fallback_reason: str | None = None
    dropped: tuple[str, ...] = ()
    cost_usd: float = 0.0


class Leading:
    """One variant's conversations with a model.

    Args:
        salt: of the pseudonyms under which users are known to the provider, and of the draw of their tiers.
        perf_counter: seconds.
    """

    def __init__(
        self,
        llm: LlmConfig,
        assistant: Assistant,
        purses: Purses,
        observer: TurnObserver,
        salt: bytes,
        perf_counter: Callable[[], float],
    ) -> None:
        self._llm = llm
        self._assistant = assistant
        self._purses = purses
        self._observer = observer
        self._salt = salt
        self._now = perf_counter

    async def turn(
        self,
        state: Conversation,
        message: str,
        talk: ToolCatalogue[Item],
        k: int,
        asker: tuple[str, str],
        payer: str,
        request_id: str,
        deadline: float,
    ) -> LedTurn[Item]:
        """The turn, or why there is none.

        Args:
            asker: the user's id, "" for a stranger, and the conversation's: a stranger's tier is that of their talk.
            payer: the key or the address that asks; an empty one has no limit of its own.
            deadline: in seconds of the clock.
        """
        user_id, conversation_id = asker
        if reason := self._purses.spent(user_id, payer, self._now()):
            return LedTurn(None, reason)
        name = user_id or conversation_id
        tiers = [tier for tier in tiers_for(name, False, self._llm, self._salt) if tier.interface == "messages"]
        if not tiers:
            return LedTurn(None)
        asking = Asking(request_id, pseudonym(name, self._salt), tiers, deadline, tenant_of(payer))
        outcome = await self._assistant.lead(state, message, talk, k, local_id(user_id), asking)
        self._purses.spend(user_id, payer, outcome.spent.cost_usd, self._now())
        if isinstance(outcome, Led):
            self._observer.led("led")
            return LedTurn(outcome.turn, None, outcome.dropped, outcome.spent.cost_usd)
        self._observer.led(outcome.reason)
        return LedTurn(None, f"llm: {outcome.reason}", (), outcome.spent.cost_usd)

    @property
    def seconds(self) -> float:
        """How long a message may take that does not say."""
        return self._llm.chat.timeout_ms / 1000
