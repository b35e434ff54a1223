"""When a language model is asked, as a table, and which tier."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from components.adapters.files.params_file import read_params
from components.config.llm import Ask, LlmConfig
from components.routing.ask_policy import Signals, reason_to_ask, tiers_for

LLM = read_params(Path(__file__).parents[3] / "params.yaml").llm


@pytest.mark.parametrize(
    ("n_known", "tier", "query", "mood", "confidence", "reason"),
    [
        (0, None, False, False, None, "cold"),
        (4, None, False, False, 0.9, "cold"),
        (5, None, False, False, 0.9, None),
        (5, None, False, False, None, None),
        (50, "premium", False, False, 0.9, "premium"),
        (50, " Premium ", False, False, 0.9, "premium"),
        (50, "basic", False, False, 0.9, None),
        (50, None, True, False, 0.9, "query"),
        (50, None, False, True, 0.9, "mood"),
        (50, None, False, False, 0.59, "low_confidence"),
        (50, None, False, False, 0.6, None),
        (2, "premium", True, True, 0.1, "cold"),
    ],
)
def test_the_policy_is_this_table(
    n_known: int, tier: str | None, query: bool, mood: bool, confidence: float | None, reason: str | None
) -> None:
    signals = Signals(n_known, tier, query, mood, confidence)
    assert reason_to_ask(signals, LLM, 5) == reason
    nothing = Ask(cold=False, premium=False, query=False, mood=False, low_confidence=False)
    assert reason_to_ask(signals, LLM.model_copy(update={"ask": nothing}), 5) is None


def names(user: str, premium: bool = False, llm: LlmConfig = LLM) -> list[str]:
    return [tier.name for tier in tiers_for(user, premium, llm)]


def test_tiers_are_drawn_by_their_shares_and_fall_to_the_next_cheaper() -> None:
    drawn = [tuple(names(f"user-{number}")) for number in range(20_000)]
    counts = Counter(order[0] for order in drawn)
    for name, share in (("cheap", 0.80), ("middle", 0.15), ("best", 0.05)):
        assert counts[name] / len(drawn) == pytest.approx(share, abs=0.01)
    assert set(drawn) == {("cheap",), ("middle", "cheap"), ("best", "middle", "cheap")}
    assert names("user-1") == names("user-1")


def test_premium_users_get_at_least_the_tier_that_is_set() -> None:
    llm = LLM.model_copy(update={"premium_from": "middle"})
    firsts = Counter(names(f"user-{number}", premium=True, llm=llm)[0] for number in range(1_000))
    assert set(firsts) == {"middle", "best"}
    assert firsts["middle"] > 900


def test_who_does_not_know_the_salt_cannot_choose_ids_of_a_dear_tier() -> None:
    dear = [f"user-{n}" for n in range(20_000) if names(f"user-{n}")[0] == "best"]
    drawn = Counter(tiers_for(user, False, LLM, b"secret")[0].name for user in dear)
    assert drawn["best"] / len(dear) == pytest.approx(0.05, abs=0.03)
    assert drawn["cheap"] / len(dear) == pytest.approx(0.80, abs=0.06)
