"""One prompt about one request: the reply is read as the service reads it, whatever it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from components.config.llm import Price, Tier
from components.reranking.calls import Failed, Reply, Structured
from components.reranking.cost import TokenUsage
from components.reranking.prompt import RenderedPrompt, parse_template
from components.reranking.reasons import TitleIndex
from components.reranking.task import ItemText, RerankTask
from components.shadow.records import LoggedRequest
from components.shadow.replay import ReplayedAnswer, ReplayedPrompt, ReplayTask, Terms, ask_prompt, most_usd

TIER = Tier(name="cheap", model="m", share=100, timeout_ms=500, max_tokens=100, candidates=3)
PRICE = Price(model="m", input=1.0, output=2.0, cache_read=0.1, cache_write=1.25)
PROMPT = ReplayedPrompt("7", parse_template("# System\n\nRank.\n\n# User\n\n{{person}}\n{{candidates}}\n{{wanted}}\n"))
ITEMS = tuple(ItemText(title, "Drama") for title in ("Alpha", "Beta", "Gamma", "Delta"))
REQUEST = LoggedRequest("r1", "anna", 0.0, ("a", "b", "c", "d"), (4.0, 3.0, 2.0, 1.0), ("a", "b"))
REPLAY = ReplayTask(REQUEST, RerankTask(ITEMS, 2, profile="loves dramas"))
TERMS = Terms(TIER, PRICE, fusion_weight=1.0, seconds=0.5, titles=TitleIndex([item.title for item in ITEMS]))


@dataclass
class Says:
    """A model that says one thing, and remembers what it was sent."""

    answer: Reply | Failed
    sent: RenderedPrompt | None = None

    async def ask(self, tier: Tier, prompt: RenderedPrompt, seconds: float, user: str) -> Reply | Failed:
        assert user == ""  # nobody is named
        self.sent = prompt
        return self.answer


def ask(answer: Reply | Failed, terms: Terms = TERMS, order: list[int] | None = None) -> ReplayedAnswer:
    ticks = iter([10.0, 10.25])
    return asyncio.run(ask_prompt(Says(answer), PROMPT, REPLAY, terms, lambda: next(ticks), order))


def good(order: list[int], reasons: list[str] | None = None) -> Reply:
    return Reply("text", Structured(order, reasons or []), TokenUsage(1000, 100), "end_turn")


def test_the_models_order_is_completed_from_the_given_one() -> None:
    reply = ask(good([3, 2])).reply
    assert reply.ranking == ("c", "b", "a", "d")
    assert reply.by_model == ("c", "b")
    assert (reply.outcome, reply.faults, reply.latency_ms) == ("ok", (), 250.0)
    assert reply.cost_usd == pytest.approx((1000 * 1 + 100 * 2) / 1e6)


def test_numbers_mean_places_in_the_order_that_was_shown() -> None:
    assert ask(good([1, 2]), order=[2, 0, 1, 3]).reply.by_model == ("c", "a")


def test_the_order_is_joined_with_the_scores_as_in_the_release() -> None:
    assert ask(good([3, 2]), replace(TERMS, fusion_weight=0.0)).reply.ranking == ("a", "b", "c", "d")


def test_mended_replies_count_as_faulty_by_kind() -> None:
    reply = ask(good([9, 3])).reply
    assert reply.faults == ("missing", "stranger")
    assert reply.ranking == ("c", "a", "b", "d")


@pytest.mark.parametrize(
    ("answer", "kind", "cost"),
    [
        (Failed("timeout", billed=True), "timeout", most_usd(PROMPT, REPLAY, TERMS)),
        (Failed("connection"), "connection", 0.0),
        (Reply("I am sorry", None, TokenUsage(1000, 0), "refusal"), "refused", 0.001),
        (Reply("no numbers here", None, TokenUsage(1000, 0), "end_turn"), "malformed", 0.001),
    ],
)
def test_a_failed_call_leaves_the_given_ranking_and_costs_what_it_may_have_cost(
    answer: Reply | Failed, kind: str, cost: float
) -> None:
    reply = ask(answer).reply
    assert reply.ranking == REQUEST.candidates
    assert reply.fault_kinds == (kind,)
    assert reply.cost_usd == pytest.approx(cost)


def test_a_reply_that_comes_too_late_counts_as_none_unless_the_request_allows_more() -> None:
    slow = iter([10.0, 10.75])
    model = Says(good([3, 2]))
    late = asyncio.run(ask_prompt(model, PROMPT, REPLAY, replace(TERMS, seconds=60.0), lambda: next(slow))).reply
    assert (late.outcome, late.ranking) == ("timeout", REQUEST.candidates)
    assert late.latency_ms == pytest.approx(750)
    assert late.cost_usd > 0
    slow = iter([10.0, 10.75])
    patient = replace(REPLAY, timeout_ms=1000)
    assert asyncio.run(ask_prompt(model, PROMPT, patient, TERMS, lambda: next(slow))).reply.outcome == "ok"


def test_explanations_name_only_real_items_are_short_and_in_the_language_of_the_service() -> None:
    fine = ask(good([1, 2], ["Goes well with Alpha", "For your quiet evening"])).reply
    assert (len(fine.explanations), fine.explanation_faults) == (2, ())
    stranger = ask(good([1, 2], ["If you liked Titanic then this", "see www.example.com"])).reply
    assert stranger.explanation_faults == ("link", "unknown_name")
    german = ask(good([1, 2], ["passt gut zu dem, was du magst", "für dich und den ruhigen abend"])).reply
    assert german.explanation_faults == ("other_language",)
    long = ask(good([1, 2], ["so " * 100, "short"])).reply
    assert "too_long" in long.explanation_faults
