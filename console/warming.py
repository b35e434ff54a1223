"""Makes every page once before anybody asks: what is imported late, summed once or compiled has then been."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator

from starlette.applications import Starlette
from starlette.types import Message

from console.desk import Desk
from console.sessions import Visitor
from jobs.console.person import read_latest_users
from jobs.console.try_out import read_helps
from jobs.errors import NothingThereError
from jobs.live_release import live_release

LONGEST_SECONDS = 20.0
PAGES = (
    "",
    "/try",
    "/releases",
    "/experiments",
    "/quality",
    "/quality?by=release",
    "/alerts",
    "/data",
    "/users",
    "/items",
)
logger = logging.getLogger("recops.console")


def warm(app: Starlette, longest: float = LONGEST_SECONDS) -> None:
    """Returns when all pages have been made, or after `longest` seconds, and goes on behind what is served then."""
    thread = threading.Thread(target=make_pages, args=(app,), name="warm the console", daemon=True)
    thread.start()
    thread.join(longest)


def make_pages(app: Starlette) -> dict[str, float]:
    """Seconds by path; a page that cannot be made says why in the log, and keeps no other from being made."""
    took: dict[str, float] = {}
    desk: Desk = app.state.desk
    for path in _paths(desk):
        began = time.perf_counter()
        try:
            asyncio.run(_ask(app, path))
        except Exception as error:
            logger.info("%s not warmed: %s", path, type(error).__name__)
        took[path] = time.perf_counter() - began
    return took


def _paths(desk: Desk) -> Iterator[str]:
    """Every page, and that of a user and of an item."""
    yield from (f"/console{path}" for path in PAGES)
    try:
        users = [*read_latest_users(desk.bench), *read_helps(desk.bench, desk.kept).users]
        yield from (f"/console/users/{user}" for user in users[:1])
        yield f"/console/items/{live_release(desk.bench).items.ids[0]}"
    except NothingThereError:
        return


async def _ask(app: Starlette, path: str) -> None:
    """Asks behind the door, so that nobody has to sign in; what is answered is thrown away."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        del message

    bare, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": bare,
        "raw_path": bare.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1")],
        "app": app,
        "visitor": Visitor(False),
    }
    await app.router(scope, receive, send)
