"""The section `llm` of params.yaml: when a language model is asked, which one, and what it may cost."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from components.config.section import Section

Order = Literal["given", "shuffled", "bootstrapped"]


class Ask(Section):
    """What makes a request worth asking for."""

    cold: bool = True
    premium: bool = True
    query: bool = True
    mood: bool = True
    low_confidence: bool = True


class Tier(Section):
    """One model of the cascade.

    Attributes:
        interface: `messages`, or `rerank` for a reranker that is asked at `base_url`/v1/rerank.
        base_url: where it answers; null means Anthropic, or RECOPS_LLM_BASE_URL.
        key_env: the environment variable with the key for `base_url`; Anthropic's own key is never sent there.
        share: per cent of the users.
        timeout_ms: the whole request's latency budget, from its arrival on.
        candidates: how many of the best candidates it ranks.
        effort: how hard it thinks; null leaves it to the model.
    """

    name: str = Field(pattern=r"^[a-z0-9_-]{1,32}$")
    model: str = Field(min_length=1, max_length=128)
    interface: Literal["messages", "rerank"] = "messages"
    base_url: str | None = None
    key_env: str | None = None
    share: float = Field(ge=0, le=100)
    timeout_ms: int = Field(ge=1)
    max_tokens: int = Field(ge=16)
    candidates: int = Field(ge=2, le=50)
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = "low"


class Price(Section):
    """Dollars per million tokens; a prefix below `cache_min_tokens` is not cached by the model."""

    model: str
    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cache_read: float = Field(ge=0)
    cache_write: float = Field(ge=0)
    cache_min_tokens: int = Field(default=4096, ge=1)


class Breaker(Section):
    """After so many failures in a row a tier is left alone for so long, then tried with one call."""

    failures: int = Field(default=5, ge=1)
    open_seconds: float = Field(default=30.0, gt=0)


class Chat(Section):
    """What a model that leads conversations may do for one message."""

    enabled: bool = False
    timeout_ms: int = Field(default=8000, ge=1)
    max_calls: int = Field(default=4, ge=1, le=12)
    max_tokens: int = Field(default=600, ge=16)
    max_usd: float = Field(default=0.05, ge=0)


class Read(Section):
    """What a model may do that reads texts into wishes, in place of the built-in reader."""

    enabled: bool = False
    timeout_ms: int = Field(default=1500, ge=1)
    max_tokens: int = Field(default=500, ge=16)


class LlmConfig(Section):
    """Everything that a language model does; part of the release, as it can change a ranking."""

    enabled: Literal["auto", "on", "off"] = "auto"
    ask: Ask = Ask()
    chat: Chat = Chat()
    read: Read = Read()
    premium_tiers: list[str] = ["premium"]
    confidence_threshold: float = Field(default=0.6, ge=0, le=1)
    tiers: list[Tier] = Field(default=[], max_length=8)
    premium_from: str | None = None
    fusion_weight: float = Field(default=0.7, ge=0, le=1)
    order: Order = "given"
    bootstraps: int = Field(default=3, ge=2, le=10)
    recent: int = Field(default=10, ge=0, le=50)
    daily_budget_usd: float = Field(default=5.0, ge=0)
    daily_budget_per_user_usd: float = Field(default=0.1, ge=0)
    daily_budget_per_key_usd: float = Field(default=2.5, ge=0)
    concurrency: int = Field(default=16, ge=1)
    retries: int = Field(default=1, ge=0, le=1)
    breaker: Breaker = Breaker()
    priced_on: str = ""
    prices: list[Price] = []

    @field_validator("enabled", mode="before")
    @classmethod
    def _yaml_reads_on_and_off_as_booleans(cls, value: object) -> object:
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _tiers_make_sense(self) -> Self:
        names = [tier.name for tier in self.tiers]
        if len(set(names)) < len(names):
            raise ValueError("two tiers have the same name")
        if self.tiers and abs(sum(tier.share for tier in self.tiers) - 100) > 0.01:
            raise ValueError("the shares of the tiers must add up to 100")
        if self.premium_from is not None and self.premium_from not in names:
            raise ValueError(f"premium_from: there is no tier {self.premium_from!r}; tiers are {', '.join(names)}")
        if len({price.model for price in self.prices}) < len(self.prices):
            raise ValueError("two prices name the same model")
        priced = {price.model for price in self.prices}
        if unreachable := [tier for tier in self.tiers if tier.interface == "rerank" and tier.base_url is None]:
            raise ValueError(f"tier {unreachable[0].name!r} is a reranker and needs a base_url")
        if unpriced := [tier for tier in self.tiers if tier.model not in priced]:
            raise ValueError(
                f"model {unpriced[0].model!r} of tier {unpriced[0].name!r} has no price; add it to llm.prices, "
                "with zeros for one that costs nothing"
            )
        return self

    def price_of(self, tier: Tier) -> Price:
        """The price of the tier's model."""
        return next(price for price in self.prices if price.model == tier.model)
