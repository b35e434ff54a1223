"""Whether a model that runs here leads a conversation: `python -m benchmarks.local_conversation --url URL`.

The films and users are those of benchmarks/words.py, the messages those of its first conversation
(benchmarks/conversations.py), and URL speaks the Messages API; `recops llm up` prints the small local model's. Prints,
for each message, which tools were called with what, who led the turn, how long it took, and what was said and shown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from time import perf_counter

from benchmarks.conversations import CONVERSATIONS, K
from benchmarks.words import World
from components.adapters.llm.claude import Claude
from components.assistant.calls import ToolPrompt, ToolReply
from components.assistant.lead import Assistant, Led
from components.config.llm import Chat, LlmConfig, Tier
from components.config.llm_presets import with_local_model
from components.conversation.dialogue import take_turn
from components.conversation.state import Conversation
from components.reranking.calls import Failed
from components.reranking.metered import Asking, MeteredCalls
from components.reranking.reasons import TitleIndex
from jobs.batch.models import AlwaysClosed, Unlimited, Unobserved


class Told:
    """A model that prints what it is asked and what it calls."""

    def __init__(self, model: Claude) -> None:
        self._model = model

    async def converse(
        self, tier: Tier, prompt: ToolPrompt, max_tokens: int, seconds: float, user: str
    ) -> ToolReply | Failed:
        """As the model itself."""
        start = perf_counter()
        came = await self._model.converse(tier, prompt, max_tokens, seconds, user)
        took = f"{perf_counter() - start:.1f} s"
        if isinstance(came, Failed):
            print(f"  {took}: {came.kind} {came.detail}")
        else:
            print(f"  {took}, {came.usage.input}+{came.usage.cache_read} tokens in, {came.usage.output} out")
            for use in came.uses:
                print(f"    {use.name} {_short(use.arguments)}")
            if came.text:
                print(f"    says {came.text[:200]!r}")
        return came


async def lead(world: World, url: str, seconds: float, calls: int) -> None:
    """The first conversation of benchmarks/conversations.py."""
    policy = Chat(enabled=True, timeout_ms=int(seconds * 1000), max_calls=calls, max_tokens=200)
    llm = with_local_model(LlmConfig(), url).model_copy(update={"chat": policy})
    claude, unobserved = Claude(llm, None, None), Unobserved()
    metered = MeteredCalls(llm, Unlimited(), AlwaysClosed(), unobserved, perf_counter)
    assistant = Assistant(llm, Told(claude), metered, TitleIndex(world.bundle.items.titles), perf_counter)
    talk, state = world.path.talk(None), Conversation()
    for n, message in enumerate(CONVERSATIONS[0][2]):
        print(f"\n{message}")
        start = perf_counter()
        asking = Asking(f"message-{n}", "", llm.tiers, start + seconds)
        led = await assistant.lead(state, message, talk, K, "", asking)
        turn = led.turn if isinstance(led, Led) else take_turn(state, message, talk, K)
        who = "the model" if isinstance(led, Led) else f"the built-in reader, as the model: {led.reason}"
        print(f"  led by {who}, {perf_counter() - start:.1f} s")
        print(f"  {turn.reply}")
        state = turn.state
        for item in talk.shown(state.shown, state.wishes):
            print(f"  {item.rank}. {item.title}: {item.explanation}")
    await claude.close()


def _short(arguments: Mapping[str, object]) -> str:
    return json.dumps(dict(arguments), ensure_ascii=False)[:160]


def main() -> None:
    """Parses the command line and leads the conversation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="where the model answers")
    parser.add_argument("--seconds", type=float, default=60.0, help="that a message may take")
    parser.add_argument("--calls", type=int, default=3, help="of the model for one message")
    arguments = parser.parse_args()
    asyncio.run(lead(World(), arguments.url, arguments.seconds, arguments.calls))


if __name__ == "__main__":
    main()
