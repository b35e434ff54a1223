"""A language model's answer is made once for all who ask the same, and its failures are not kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bentos.asgi_app import RecopsApp
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.adapters.store.engine import migrate
from components.config.llm import LlmConfig, Price, Tier
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from tests.asgi_client import Reply, send
from tests.messages_server import Says, Status, messages_server
from tests.worlds import make_bundle

PROMPT = (Path(__file__).parents[2] / "prompts" / "recops-rerank.md").read_text()
COLD = {"user_id": "stranger", "profile": {"text": "loves animated musicals"}, "timeout_ms": 20_000}


@contextmanager
def running(tmp_path: Path, url: str) -> Iterator[RecopsApp]:
    settings = Settings(home=tmp_path / "home", slot="blue")
    make_bundle(tmp_path / "src" / BUNDLE)
    tier = Tier(name="cheap", model="small", base_url=url, share=100, timeout_ms=500, max_tokens=300, candidates=20)
    llm = LlmConfig(
        tiers=[tier], prices=[Price(model="small", input=1.0, output=5.0, cache_read=0.1, cache_write=1.25)]
    )
    variant = ServedVariant(
        routing=RoutingConfig(cold_start_threshold=5, candidates=200), llm=llm, prompt_version=3, prompt=PROMPT
    )
    ServedRelease(release_id="release-1", variants=(variant,)).write(tmp_path / "src")
    migrate(settings.store_url)
    app = build_app(settings, tmp_path / "src", busy_seconds=0.2, read_seconds=10.0)
    try:
        yield app
    finally:
        app.close()


def ask(app: RecopsApp, *bodies: dict[str, Any], at_once: bool = False) -> list[Any]:
    """The answers to requests that come one after the other, or all at once."""

    async def all_of_them() -> list[Reply]:
        asking = [send(app, "POST", "/recommend", body) for body in bodies]
        replies = await asyncio.gather(*asking) if at_once else [await each for each in asking]
        await app._models.aclose()  # type: ignore[union-attr]
        return list(replies)

    return [reply.json for reply in asyncio.run(all_of_them())]


def test_a_stampede_of_a_hundred_equal_requests_is_one_call(tmp_path: Path) -> None:
    with messages_server(lambda body, n: Says(delay=0.2)) as model, running(tmp_path, model.url) as app:
        answers = ask(app, *[COLD] * 100, at_once=True)
    assert len(model.requests) == 1
    assert {answer["route"] for answer in answers} == {"hybrid"}
    assert Counter(answer["cached"] for answer in answers) == {True: 99, False: 1}
    assert len({answer["request_id"] for answer in answers}) == 100
    assert sum(answer["cost_usd"] > 0 for answer in answers) == 1
    assert len({tuple(item["item_id"] for item in answer["items"]) for answer in answers}) == 1


def test_an_answer_that_took_patience_serves_those_without(tmp_path: Path) -> None:
    with messages_server() as model, running(tmp_path, model.url) as app:
        answers = ask(app, COLD, {**COLD, "timeout_ms": 1})
    assert [(each["route"], each["cached"]) for each in answers] == [("hybrid", False), ("hybrid", True)]


def test_an_answer_that_the_model_missed_is_tried_again(tmp_path: Path) -> None:
    with (
        messages_server(lambda body, n: Status(400) if n == 0 else Says()) as model,
        running(tmp_path, model.url) as app,
    ):
        answers = ask(app, COLD, COLD, COLD)
    assert [(each["cached"], each["route"] == "hybrid") for each in answers] == [
        (False, False),
        (False, True),
        (True, True),
    ]
    assert "llm: rejected" in answers[0]["fallback_reason"]
    assert len(model.requests) == 2
