"""Signing in with a key, and out again."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.desk import desk_of, form_text, token_of
from console.render import page
from console.sessions import COOKIE, LONGEST_SECONDS
from jobs.console.sign_in import find_key

REFUSED = "This key opens nothing here: it must be a good one, of an operator or a viewer."


def ask(request: Request) -> Response:
    """The form."""
    return page(request, "sign_in.html", "", next=_inside(request.query_params.get("next", "")), fault=None)


async def sign_in(request: Request) -> Response:
    """Begins a session where the key is good."""
    desk, form = desk_of(request), await request.form()
    text, back = form_text(form, "key"), _inside(form_text(form, "next"))
    key = await run_in_threadpool(find_key, desk.bench, text, desk.now())
    if key is None:
        return page(request, "sign_in.html", "", 403, next=back, fault=REFUSED)
    reply = RedirectResponse(back, 303)
    reply.set_cookie(
        COOKIE,
        desk.sessions.begin(text, desk.now()),
        max_age=int(LONGEST_SECONDS),
        path="/console",
        httponly=True,
        samesite="strict",
        secure=request.headers.get("x-forwarded-proto", request.url.scheme) == "https",
    )
    return reply


def sign_out(request: Request) -> Response:
    """Ends the session."""
    if token := token_of(request):
        desk_of(request).sessions.end(token)
    reply = RedirectResponse("/console", 303)
    reply.delete_cookie(COOKIE, path="/console", httponly=True, samesite="strict")
    return reply


def _inside(path: str) -> str:
    """A page of the console, whatever was asked for."""
    ours = path == "/console" or path.startswith("/console/")
    return path if ours and "\\" not in path and "//" not in path else "/console"


ROUTES = [
    Route("/console/sign-in", ask),
    Route("/console/sign-in", sign_in, methods=["POST"]),
    Route("/console/sign-out", sign_out, methods=["POST"]),
]
