"""Asks each tier for one reranking of well-known films, and says what it gave, used and cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.config.llm import LlmConfig, Tier
from components.config.llm_presets import with_local_model
from components.reranking.calls import Failed, Reply
from components.reranking.cost import TokenUsage, cost_usd
from components.reranking.prompt import RenderedPrompt, parse_template, render
from components.reranking.task import ItemText, RerankTask
from components.reranking.verdict import read_order
from jobs.wiring.workbench import Workbench

FILMS = (
    ("Heat (1995)", "Action"),
    ("Se7en (1995)", "Thriller"),
    ("Aladdin (1992)", "Animation"),
    ("Alien (1979)", "Horror"),
    ("The Lion King (1994)", "Animation"),
    ("Fargo (1996)", "Crime"),
    ("Beauty and the Beast (1991)", "Animation"),
    ("Die Hard (1988)", "Action"),
    ("Casablanca (1942)", "Drama"),
    ("Jurassic Park (1993)", "Adventure"),
)
TASK = RerankTask(
    candidates=tuple(ItemText(title, category) for title, category in FILMS),
    k=5,
    profile="loves animated musicals",
    explain=False,
)


class LlmCheckError(Exception):
    """No tier can be asked; the message says why."""


async def check_tiers(
    bench: Workbench, local: bool, seconds: float, perf_counter: Callable[[], float]
) -> list[dict[str, Any]]:
    """One row per tier of params.yaml, or one for the `local` model; a tier that fails is a row that says how.

    Raises:
        LlmCheckError: no tier is configured.
    """
    llm = with_local_model(bench.params.llm, bench.settings.local_llm_url) if local else bench.params.llm
    if not llm.tiers:
        raise LlmCheckError("params.yaml has no llm.tiers; `recops llm check --local` tries the local model")
    claude = bench.llm_client(llm)
    template = parse_template(bench.project_prompt())
    prompt = render(template, TASK, range(len(TASK.candidates)))
    rows = []
    try:
        for tier in llm.tiers:
            start = perf_counter()
            reply = await claude.ask(tier, prompt, seconds, "")
            rows.append(_row(llm, tier, reply, prompt, (perf_counter() - start) * 1000))
    finally:
        await claude.close()
    return rows


def _row(
    llm: LlmConfig, tier: Tier, reply: Reply | Failed, prompt: RenderedPrompt, milliseconds: float
) -> dict[str, Any]:
    parsed = reply if isinstance(reply, Failed) else read_order(reply, prompt, TASK.k)
    usage = reply.usage or TokenUsage()
    placed = [] if isinstance(parsed, Failed) else list(parsed.order[: min(parsed.n_placed, TASK.k)])
    return {
        "tier": tier.name,
        "model": tier.model,
        "outcome": parsed.kind if isinstance(parsed, Failed) else "ok",
        "detail": parsed.detail if isinstance(parsed, Failed) else "",
        "order": [place + 1 for place in placed],
        "first": [TASK.candidates[place].title for place in placed[:3]],
        "repairs": {} if isinstance(parsed, Failed) else dict(parsed.repairs),
        "input_tokens": usage.input + usage.cache_read + usage.cache_write,
        "output_tokens": usage.output,
        "cost_usd": cost_usd(usage, llm.price_of(tier)),
        "latency_ms": round(milliseconds, 1),
    }
