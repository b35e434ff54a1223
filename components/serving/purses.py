"""Bounds what one user and one payer may cost in language models in a day, in this process."""

from __future__ import annotations

from components.config.llm import LlmConfig
from components.serving.allowance import Allowance

MICRO = 1e6
DAY_SECONDS = 86_400.0


class Purses:
    """One per variant, whatever a model is asked for.

    A payer is a key or an address; an empty name has no limit.
    """

    def __init__(self, llm: LlmConfig) -> None:
        self._limits = (
            ("user", _filling_in_a_day(llm.daily_budget_per_user_usd)),
            ("key", _filling_in_a_day(llm.daily_budget_per_key_usd)),
        )

    def spent(self, user: str, payer: str, now: float) -> str | None:
        """Whose budget of the day is spent, in words for `fallback_reason`; None where money is left."""
        for whose, purses, name in self._of(user, payer):
            if purses.is_spent(name, now):
                return f"llm: the {whose}'s budget of the day is spent"
        return None

    def spend(self, user: str, payer: str, usd: float, now: float) -> None:
        """Takes what was spent already."""
        for _, purses, name in self._of(user, payer):
            purses.spend(name, usd * MICRO, now)

    def _of(self, user: str, payer: str) -> list[tuple[str, Allowance, str]]:
        pairs = zip(self._limits, (user, payer), strict=True)
        return [(whose, purses, name) for (whose, purses), name in pairs if purses is not None and name]


def _filling_in_a_day(usd: float) -> Allowance | None:
    """None where nobody is limited."""
    cap = usd * MICRO
    return Allowance(cap / DAY_SECONDS, max(1.0, cap)) if cap else None
