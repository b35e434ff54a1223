"""The shadow worker asks the challenger about live requests, stops at its cap, and loses none when it is killed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks.shadow_world import Habits, Skill
from benchmarks.stated_params import stated
from components.adapters.store.llm.evaluations import Spec
from components.config.shadow import LiveShadow
from jobs.prompts.shadow_worker import DAY, ShadowRound
from tests.messages_server import messages_server
from tests.shadow_log import Logged, log_world, prompt_text


def live_round(logged: Logged, base_url: str, now: float, **live: float) -> ShadowRound:
    """A round that starts before the first request of the log."""
    running = logged.store.running_live()
    spec = Spec("live", 1, 2, prompt_text("1"), prompt_text("2"), "scripted", 25)
    logged.store._now = lambda: -1.0  # the evaluation is older than the log
    evaluation = running[0] if running else logged.store.create(spec)
    logged.store._now = lambda: now
    evaluator = logged.evaluator(base_url)
    policy = logged.params.shadow.model_copy(update={"live": stated(LiveShadow, share=1.0, **live)})
    client = asyncio.run(evaluator.open_client())
    found = ShadowRound(logged.store, evaluation, client, evaluator.terms, policy, evaluator.release_of, lambda: now)
    found.adopt()
    return found


async def run_and_close(round_: ShadowRound) -> int:
    try:
        return await round_.run_once()
    finally:
        await round_.model.close()  # type: ignore[attr-defined]


def test_every_live_request_is_asked_about_once_until_the_sample_is_full(tmp_path: Path) -> None:
    logged = log_world(tmp_path, 40, Skill(1.0), Habits())
    with messages_server(logged.script()) as server:
        assert asyncio.run(run_and_close(live_round(logged, server.url, logged.now))) == 20
        assert asyncio.run(run_and_close(live_round(logged, server.url, logged.now))) == 5
        assert asyncio.run(run_and_close(live_round(logged, server.url, logged.now))) == 0
        assert len(server.requests) == 25
        assert all("Script 2" in str(request["system"]) for request in server.requests)


def test_a_request_that_a_killed_worker_was_asking_about_is_asked_again_and_paid_for_in_the_books(
    tmp_path: Path,
) -> None:
    logged = log_world(tmp_path, 10, Skill(1.0), Habits())
    with messages_server(logged.script()) as server:
        first = live_round(logged, server.url, logged.now)
        asyncio.run(first.model.close())  # type: ignore[attr-defined]
        assert logged.store.claim(first.evaluation.evaluation_id, "r0", "2", "scripted", 0.5)
        asyncio.run(run_and_close(live_round(logged, server.url, logged.now)))
    replies = logged.store.replies(first.evaluation.evaluation_id, "2")
    assert set(replies) == {f"r{n}" for n in range(10)}
    assert replies["r0"].cost_usd == pytest.approx(0.5, abs=0.01)
    assert logged.store.under_way(first.evaluation.evaluation_id, "2") == []


def test_the_worker_pauses_at_the_daily_cap_and_goes_on_the_next_day_with_what_waits(tmp_path: Path) -> None:
    logged = log_world(tmp_path, 10, Skill(1.0), Habits())
    with messages_server(logged.script()) as server:
        paused = live_round(logged, server.url, logged.now, daily_cap_usd=0.0005, concurrency=1)
        asked = asyncio.run(run_and_close(paused))
        assert 0 < asked < 10
        assert paused.paused
        assert logged.store.spent_live_since(0.0) <= 0.0005
        tomorrow = live_round(logged, server.url, logged.now + DAY, daily_cap_usd=1.0)
        assert asyncio.run(run_and_close(tomorrow)) == 10 - asked
    assert len(logged.store.replies(paused.evaluation.evaluation_id, "2")) == 10


def test_the_share_is_drawn_by_request_and_stays_the_same(tmp_path: Path) -> None:
    logged = log_world(tmp_path, 40, Skill(1.0), Habits())
    with messages_server(logged.script()) as server:
        half = live_round(logged, server.url, logged.now)
        half.policy = half.policy.model_copy(update={"live": stated(LiveShadow, share=0.5)})
        asked = asyncio.run(run_and_close(half))
    assert 8 <= asked <= 20
