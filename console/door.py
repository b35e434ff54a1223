"""Decides before any page who may have it, and adds what tells a browser to keep to itself.

Requests for another host, or from a page of another origin, never come here
(`components/adapters/machine/own_site.py`). What changes something must say where it comes from, as every browser does
of a form: cookies of this machine know no ports, so the cookie alone proves nothing.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.desk import Desk
from console.sessions import COOKIE

OPEN = ("/console/static/", "/console/sign-in")
SAFE = ("GET", "HEAD")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class ConsoleDoor:
    """ASGI middleware; `scope["visitor"]` says behind it who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if not scope["path"].startswith("/console/static/"):
                    headers["cache-control"] = "no-store"
                else:
                    headers["cache-control"] = "no-cache"
            await send(message)

        answer = await self._refusal(scope)
        await (self._app if answer is None else answer)(scope, receive, send_guarded)

    async def _refusal(self, scope: Scope) -> Response | None:
        if scope["method"] not in SAFE and not _says_where_from(Headers(scope=scope)):
            return PlainTextResponse("this comes from no page of the console\n", 403)
        if scope["path"].startswith(OPEN[0]):
            return None
        request = Request(scope)
        desk: Desk = request.app.state.desk
        scope["visitor"] = await run_in_threadpool(desk.visitor, request.cookies.get(COOKIE))
        if scope["visitor"].may_look or scope["path"].startswith(OPEN) or scope["path"] == "/":
            return None
        back = quote(scope["path"]) if scope["method"] in SAFE else "/console"
        return RedirectResponse(f"/console/sign-in?next={back}", 303)


def _says_where_from(headers: Headers) -> bool:
    """Whether a browser has named its origin, which was compared with ours, or says that it is ours."""
    return "origin" in headers or headers.get("sec-fetch-site") == "same-origin"
