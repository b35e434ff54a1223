"""Has a language model read what a request says in words, within its time and within what who asks may cost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from components.access.tenants import local_id, tenant_of
from components.assistant.text_reader import TextReader
from components.config.llm import LlmConfig
from components.reranking.calls import Failed
from components.reranking.metered import Asking
from components.routing.ask_policy import tiers_for
from components.serving.purses import Purses
from components.serving.rerank_task import pseudonym
from components.wishes.facts import CatalogueFacts
from components.wishes.wish import Wishes

Readings = Mapping[str, Wishes]
"""What was read of texts; a text that is not in it is for the built-in reader."""
NO_READINGS: Readings = {}


@dataclass(frozen=True)
class ReadTexts:
    """What a model read, and why it did not read all; nothing where nobody asked it."""

    readings: Readings = field(default_factory=dict)
    fallback_reason: str | None = None
    cost_usd: float = 0.0


NOTHING_READ = ReadTexts()


class TextReading:
    """One variant's reading of texts.

    Args:
        make_reader: makes the reader of a catalogue, when the first text comes.
        salt: of the pseudonyms under which users are known to the provider, and of the draw of their tiers.
        perf_counter: seconds.
    """

    def __init__(
        self,
        llm: LlmConfig,
        make_reader: Callable[[CatalogueFacts], TextReader],
        purses: Purses,
        salt: bytes,
        perf_counter: Callable[[], float],
    ) -> None:
        self._llm = llm
        self._make_reader = make_reader
        self._purses = purses
        self._salt = salt
        self._now = perf_counter
        self._reader: TextReader | None = None

    async def of(
        self,
        texts: Sequence[str | None],
        facts: CatalogueFacts,
        user_id: str,
        payer: str,
        request_id: str,
        timeout_ms: int | None = None,
    ) -> ReadTexts:
        """The readings of `texts`, at once; the reason is that of the first that failed."""
        asked = [text for text in dict.fromkeys(texts) if text and text.strip()]
        if not asked:
            return NOTHING_READ
        now = self._now()
        if reason := self._purses.spent(user_id, payer, now):
            return ReadTexts(fallback_reason=reason)
        name = user_id or request_id
        tiers = [tier for tier in tiers_for(name, False, self._llm, self._salt) if tier.interface == "messages"]
        if not tiers:
            return NOTHING_READ
        if self._reader is None:
            self._reader = self._make_reader(facts)
        reader, limit = self._reader, min(self._llm.read.timeout_ms, timeout_ms or self._llm.read.timeout_ms)
        asking = Asking(request_id, pseudonym(name, self._salt), tiers, now + limit / 1000, tenant_of(payer))
        ways = await asyncio.gather(*(reader.read(text, local_id(user_id), asking) for text in asked))
        cost = sum(way.spent.cost_usd for way in ways)
        self._purses.spend(user_id, payer, cost, self._now())
        failed = [way.outcome.kind for way in ways if isinstance(way.outcome, Failed)]
        read = {text: way.outcome for text, way in zip(asked, ways, strict=True) if isinstance(way.outcome, Wishes)}
        return ReadTexts(read, f"reading: {failed[0]}" if failed else None, cost)
