"""A batch answers as the live release would, and pays for each reply once, at half the price."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select

from bentos.wiring import build_app
from components.adapters.store.engine import migrate, open_engine, reading
from components.adapters.store.tables import feedback, llm_budget, llm_calls, requests
from components.config.llm import LlmConfig, Price, Tier
from components.config.settings import Settings
from jobs.batch.preference_pairs import export_pairs
from jobs.batch.recommend import BatchFailed, BatchRequest, BatchResult, make_batch
from jobs.batch.reply_batches import Pace
from jobs.wiring.workbench import Workbench
from tests.asgi_client import send
from tests.batches_server import BatchesServer, batches_server
from tests.live_store import go_live
from tests.messages_server import messages_server
from tests.redis_server import RedisServer, new_redis_server

KEY = SecretStr("sk-planted-key")
COLD = ["2", "3", "4", "5"]  # users of `make_bundle` with 1 to 4 interactions
EVERYBODY = ["1", *COLD, "6", "7", "8"]


@pytest.fixture
def server() -> Iterator[BatchesServer]:
    with batches_server() as server:
        yield server


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = new_redis_server()
    yield server
    server.kill()


def llm_at(url: str | None, **changes: Any) -> LlmConfig:
    tier = Tier(
        name="cheap", model="small", base_url=url, share=100, timeout_ms=500, max_tokens=300, candidates=20, effort=None
    )
    price = Price(model="small", input=1.0, output=5.0, cache_read=0.1, cache_write=1.25)
    return LlmConfig(**{"tiers": [tier], "prices": [price], **changes})


def batch(settings: Settings, users: list[str] | None = None, keep: bool = False, model: bool = True) -> BatchResult:
    clock = iter(range(1_000_000, 2_000_000, 10))
    pace = Pace(lambda: float(next(clock)), lambda _: None, poll_seconds=1.0, patience_seconds=100.0)
    asked = BatchRequest(users, k=3, explain=True, keep=keep, pace=pace if model else None)
    return make_batch(Workbench(settings), asked, time.time(), lambda _: None)


def lists(made: BatchResult) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in pq.read_table(made.file).to_pylist():
        found.setdefault(row["user_id"], []).append(row["item_id"])
        assert row["rank"] == len(found[row["user_id"]])
    return found


def stored(settings: Settings, table: Any) -> list[Any]:
    with reading(open_engine(settings.store_url)) as db:
        return list(db.execute(select(table)).mappings())


def click(settings: Settings, user: str, item: str, request_id: str | None = None) -> None:
    row = {"user_id": user, "item_id": item, "type": "click", "occurred_at": 0.0, "received_at": time.time()}
    with open_engine(settings.store_url).begin() as db:
        db.execute(insert(feedback).values(event_id=f"{user}-{item}", request_id=request_id, **row))


async def served(settings: Settings, *bodies: Any) -> list[Any]:
    """What the service answers."""
    app = build_app(settings, Workbench(settings).bento_folder("recops:release-1") / "src", read_seconds=2.0)
    try:
        replies = [
            await send(app, "POST", "/recommend", body, {"x-request-id": f"r{n}"}) for n, body in enumerate(bodies)
        ]
        await app._answers.aclose()
    finally:
        app.close()
    return [reply.json for reply in replies]


def test_everybody_gets_the_list_that_the_service_would_give(tmp_path: Path) -> None:
    settings = go_live(tmp_path)
    click(settings, "newcomer", "105")
    click(settings, "8", "120")
    made = batch(settings)
    found = lists(made)
    assert sorted(found) == sorted([*EVERYBODY, "newcomer"])
    assert (made.users, made.asked, made.cost_usd) == (9, 0, 0.0)
    answers = asyncio.run(served(settings, *({"user_id": user, "k": 3} for user in found)))
    assert {each["user_id"]: [item["item_id"] for item in each["items"]] for each in answers} == found
    row = pq.read_table(made.file).to_pylist()[0]
    assert (row["release"], row["variant"], row["degraded"]) == ("release-1", "default", False)


def test_chosen_users_come_once_each(tmp_path: Path) -> None:
    assert sorted(lists(batch(go_live(tmp_path), ["8", "1", "8"]))) == ["1", "8"]


def test_without_a_live_release_nothing_is_made(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    migrate(settings.store_url)
    with pytest.raises(BatchFailed, match="nothing is live"):
        batch(settings)


def test_cold_users_are_ranked_through_a_batch_at_half_the_price(server: BatchesServer, tmp_path: Path) -> None:
    settings = go_live(tmp_path, llm_at(None, fusion_weight=1.0), llm_base_url=server.url, anthropic_api_key=KEY)
    made = batch(settings)
    assert (made.asked, made.replied, made.waiting, made.unasked) == (5, 5, 0, 0)
    assert (made.routes["hybrid"], server.n_messages) == (5, 0)
    rows = stored(settings, llm_calls)
    full = sum(row["input_tokens"] + 5 * row["output_tokens"] for row in rows) / 1e6
    assert made.cost_usd == pytest.approx(full / 2)
    assert [(row["outcome"], row["tier"], row["variant"]) for row in rows] == [("ok", "cheap", "default")] * 5
    (day,) = stored(settings, llm_budget)
    assert day["committed_nano_usd"] == pytest.approx(full / 2 * 1e9, abs=10)
    plain = lists(batch(settings, model=False))
    hybrid = lists(made)
    changed = [user for user in EVERYBODY if hybrid[user] != plain[user]]
    assert changed == ["1", *COLD], (hybrid, plain)


def test_a_second_batch_of_the_same_pays_nothing(server: BatchesServer, tmp_path: Path) -> None:
    settings = go_live(tmp_path, llm_at(None), llm_base_url=server.url, anthropic_api_key=KEY)
    first, second = batch(settings), batch(settings)
    assert lists(first) == lists(second)
    assert len(server.requests) == len(stored(settings, llm_calls)) == 5
    click(settings, "2", "120")
    assert batch(settings).asked == 5
    assert len(server.requests) == 6  # only the one who did something is asked about anew


def test_nothing_is_sent_beyond_the_days_budget(server: BatchesServer, tmp_path: Path) -> None:
    settings = go_live(tmp_path, llm_at(None, daily_budget_usd=0.008), llm_base_url=server.url, anthropic_api_key=KEY)
    made = batch(settings)
    assert 0 < made.replied < 5
    assert made.unasked == 5 - made.replied
    assert len(server.requests) == made.replied
    reasons = {row["fallback_reason"] for row in pq.read_table(made.file).to_pylist()}
    assert reasons == {None, "llm: budget_spent"}


def test_a_tier_with_an_address_of_its_own_is_asked_directly_and_once(tmp_path: Path) -> None:
    with messages_server() as model:
        settings = go_live(tmp_path, llm_at(model.url))
        first, second = batch(settings, COLD), batch(settings, COLD)
        assert len(model.requests) == len(COLD)
    assert lists(first) == lists(second)
    assert (first.routes["hybrid"], second.routes["hybrid"]) == (4, 4)


def test_answers_go_to_the_cache_that_the_service_reads(tmp_path: Path, redis: RedisServer) -> None:
    settings = go_live(tmp_path, cache_url=SecretStr(redis.url))
    made = batch(settings, ["7", "8"], keep=True)
    assert made.kept == 2
    answers = asyncio.run(
        served(settings, {"user_id": "7", "k": 3}, {"user_id": "8", "k": 3}, {"user_id": "8", "k": 4})
    )
    assert [each["cached"] for each in answers] == [True, True, False]
    assert {each["user_id"]: [item["item_id"] for item in each["items"]] for each in answers[:2]} == lists(made)


def test_an_exploring_policy_is_not_given_lists_without_chance(tmp_path: Path, redis: RedisServer) -> None:
    assert batch(go_live(tmp_path, share=0.5, cache_url=SecretStr(redis.url)), ["8"], keep=True).kept == 0


def test_a_cache_that_is_away_takes_nothing_and_the_file_is_written(tmp_path: Path) -> None:
    made = batch(go_live(tmp_path), ["8"], keep=True)  # no slot runs
    assert (made.kept, len(lists(made)["8"])) == (0, 3)


def test_what_was_passed_over_is_exported_against_what_was_liked(tmp_path: Path) -> None:
    settings = go_live(tmp_path)
    body = {"user_id": "anna@example.org", "k": 3, "profile": {"text": "I am anna@example.org and like old films"}}
    (answer,) = asyncio.run(served(settings, body))
    shown = [item["item_id"] for item in answer["items"]]
    click(settings, "anna@example.org", shown[1], answer["request_id"])
    exported = export_pairs(Workbench(settings), 1.0, time.time())
    (row,) = pq.read_table(exported.file).to_pylist()
    assert exported.n_pairs == 1
    assert (row["preferred"], row["passed_over"]) == (shown[1], shown[0])
    assert (row["preferred_position"], row["passed_over_position"]) == (2, 1)
    titles = [row["prompt"].index(f"Film {item}") for item in (row["preferred"], row["passed_over"])]
    first = 1 if titles[0] < titles[1] else 2
    assert row["chosen"] == f'{{"order": [{first}, {3 - first}]}}'
    assert row["rejected"] == f'{{"order": [{3 - first}, {first}]}}'
    assert "old films" in row["prompt"]
    assert "anna" not in f"{row['prompt']}{row['system']}{row['user']}{row['query']}"
    assert "old films" in row["query"]
    assert [row[f"{name}_document"].split("|")[0] for name in ("preferred", "passed_over")] == [
        f"Film {row[name]}" for name in ("preferred", "passed_over")
    ]
    (whole,) = pq.read_table(exported.lists_file).to_pylist()
    assert exported.n_lists == 1
    assert sorted(whole["items"]) == sorted(shown)
    assert [whole["items"][place] for place, liked in enumerate(whole["liked"]) if liked] == [shown[1]]
    assert [shown[position - 1] for position in whole["positions"]] == whole["items"]
    assert [document.split("|")[0] for document in whole["documents"]] == [f"Film {item}" for item in whole["items"]]
    assert (whole["user"], whole["query"]) == (row["user"], row["query"])
    (logged,) = stored(settings, requests)
    assert whole["items"] == sorted(shown, key=logged.candidates.index)
    none = export_pairs(Workbench(settings), -1.0, time.time())
    assert (none.n_pairs, none.n_lists) == (0, 0)
