"""What BentoML and its server put around our app: no tracing, no detour for posts, and the loop of asyncio."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from bentos.http_body import Receive, Scope, Send
from bentos.straight import LazyApp, Straight


def said_by(code: str) -> str:
    """What a process of its own prints; BentoML changes the settings of the one that imports it."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout


def test_bentoml_traces_no_request() -> None:
    code = """
from bentoml._internal.configuration.containers import BentoMLContainer
from bentos.service import Recops
Recops.inject_config()
print(BentoMLContainer.tracing_excluded_urls.get().url_disabled("http://127.0.0.1:3001/recommend"))
"""
    assert said_by(code) == "True\n"


def test_a_slot_runs_the_loop_that_accepts_all_who_wait() -> None:
    code = """
import bentos.service, uvicorn
print(type(uvicorn.Config("app").get_loop_factory()()).__module__)
"""
    assert said_by(code).startswith("asyncio.")


def test_an_answered_request_leaves_no_timer_behind() -> None:
    code = """
import asyncio, gc
from bentos.service import Recops, door
Recops.inject_config()
from _bentoml_impl.server.app import ServiceAppFactory
from tests.asgi_client import send

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})

async def main():
    door.app, whole = app, ServiceAppFactory(Recops)()
    for _ in range(30):
        assert (await send(whole, "POST", "/recommend")).status == 200
    print(sum(isinstance(each, asyncio.TimerHandle) for each in gc.get_objects()))

asyncio.run(main())
"""
    assert said_by(code) == "0\n"


@pytest.mark.parametrize(
    ("scope", "is_there", "who"),
    [
        ({"type": "http", "method": "POST"}, True, "ours"),
        ({"type": "http", "method": "GET"}, True, "bentoml"),
        ({"type": "lifespan"}, True, "bentoml"),
        ({"type": "http", "method": "POST"}, False, "bentoml"),
    ],
)
def test_posts_go_straight_to_our_app_once_it_is_there(scope: dict[str, Any], is_there: bool, who: str) -> None:
    asked: list[str] = []

    def app(name: str) -> Any:
        async def note(_scope: Scope, _receive: Receive, _send: Send) -> None:
            asked.append(name)

        return note

    ours = LazyApp()
    ours.app = app("ours") if is_there else None
    asyncio.run(Straight(app("bentoml"), ours)(scope, nothing, nothing))
    assert asked == [who]


async def nothing(_message: Any = None) -> Any:
    """Neither receives nor sends."""
