"""Decides whether a language model is asked about a request, and which tier first."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from components.config.llm import LlmConfig, Tier

AskReason = Literal["cold", "premium", "query", "mood", "low_confidence"]


@dataclass(frozen=True, slots=True)
class Signals:
    """What the policy looks at.

    Attributes:
        n_known: interactions of the user, in training and since.
        tier: what the profile calls the user.
        confidence: the chance that the list holds a hit; None where there is no calibrated one.
    """

    n_known: int
    tier: str | None
    has_query: bool
    has_mood: bool
    confidence: float | None


def reason_to_ask(signals: Signals, llm: LlmConfig, cold_threshold: int) -> AskReason | None:
    """The first reason that holds, in the order of `AskReason`; None keeps the ranking as it is."""
    ask = llm.ask
    if ask.cold and signals.n_known < cold_threshold:
        return "cold"
    if ask.premium and is_premium(signals.tier, llm):
        return "premium"
    if ask.query and signals.has_query:
        return "query"
    if ask.mood and signals.has_mood:
        return "mood"
    if ask.low_confidence and signals.confidence is not None and signals.confidence < llm.confidence_threshold:
        return "low_confidence"
    return None


def is_premium(tier: str | None, llm: LlmConfig) -> bool:
    """Whether the profile's tier is one of those that count as premium, whatever its case."""
    return tier is not None and tier.strip().casefold() in {name.casefold() for name in llm.premium_tiers}


def tiers_for(user_id: str, premium: bool, llm: LlmConfig, salt: bytes = b"") -> tuple[Tier, ...]:
    """The user's tier and behind it the cheaper ones, the nearest first: where the budget goes on.

    The tier is drawn by the shares, always the same one for a user; a premium user's is at least `llm.premium_from`.
    Who does not know `salt` (at most 64 bytes) cannot choose ids that are drawn for a dear tier.
    """
    digest = blake2b(user_id.encode(), digest_size=8, key=salt[:64], person=b"recops-tier").digest()
    draw = int.from_bytes(digest) / 2**64 * sum(tier.share for tier in llm.tiers)
    place = 0
    for place, tier in enumerate(llm.tiers):  # noqa: B007 - the last one takes what rounding leaves
        draw -= tier.share
        if draw < 0:
            break
    if premium and llm.premium_from is not None:
        place = max(place, [tier.name for tier in llm.tiers].index(llm.premium_from))
    return tuple(llm.tiers[place::-1])
