"""Asks each tier over its own interface: the Messages API, or a reranker at a URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import SecretStr

from components.assistant.calls import ToolPrompt, ToolReply
from components.config.llm import LlmConfig, Tier
from components.reranking.calls import Failed, Reply
from components.reranking.prompt import RenderedPrompt

if TYPE_CHECKING:
    from components.adapters.llm.claude import Claude
    from components.adapters.llm.rerank_url import RerankUrl


class Models:
    """`Model` and `ToolModel` of one variant; belongs to the event loop that first uses it. For the arguments see

    `components.adapters.llm.claude.Claude`. What no tier needs is not imported.
    """

    def __init__(
        self, llm: LlmConfig, base_url: str | None, api_key: SecretStr | None, keys: Mapping[str, SecretStr]
    ) -> None:
        speaking = [tier for tier in llm.tiers if tier.interface == "messages"]
        self._claude: Claude | None = None
        self._rerankers: RerankUrl | None = None
        if speaking:
            from components.adapters.llm.claude import Claude

            self._claude = Claude(llm.model_copy(update={"tiers": speaking}), base_url, api_key, keys)
        if len(speaking) < len(llm.tiers):
            from components.adapters.llm.rerank_url import RerankUrl

            self._rerankers = RerankUrl(llm, keys)

    async def ask(self, tier: Tier, prompt: RenderedPrompt, seconds: float, user: str) -> Reply | Failed:
        """The reply within `seconds`, or what went wrong; never raises."""
        model = self._rerankers if tier.interface == "rerank" else self._claude
        assert model is not None  # noqa: S101 the tier is one of the variant's
        return await model.ask(tier, prompt, seconds, user)

    async def converse(
        self, tier: Tier, prompt: ToolPrompt, max_tokens: int, seconds: float, user: str
    ) -> ToolReply | Failed:
        """As `ask`, for a prompt with tools, which a reranker does not take."""
        if self._claude is None or tier.interface == "rerank":
            return Failed("rejected", detail="a reranker calls no tools")
        return await self._claude.converse(tier, prompt, max_tokens, seconds, user)

    async def close(self) -> None:
        """Closes the connections."""
        for model in (self._claude, self._rerankers):
            if model is not None:
                await model.close()
