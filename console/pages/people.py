"""A user: who asked last, one in full, and forgetting them with an operator's key."""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.desk import desk_of, form_text, visitor_of
from console.render import page
from jobs.console.person import forget, read_latest_users, read_person

CONFIRM = "Write the user's id to confirm; this cannot be undone."


def find(request: Request) -> Response:
    """A box for an id, and who asked last."""
    if user := request.query_params.get("id", "").strip()[:256]:
        return RedirectResponse(f"/console/users/{quote(user, safe='')}", 303)
    return page(request, "people.html", "people", users=read_latest_users(desk_of(request).bench))


def one(request: Request) -> Response:
    """Everything that is known of them."""
    return _one(request, None)


async def forget_them(request: Request) -> Response:
    """Deletes what is stored about the user."""
    form, visitor, desk = await request.form(), visitor_of(request), desk_of(request)
    user = request.path_params["user_id"]
    if not visitor.may_act:
        return await run_in_threadpool(_one, request, ("bad", "This needs an operator's key: sign in first."), 403)
    if form_text(form, "confirm", 256) != user:
        return await run_in_threadpool(_one, request, ("bad", CONFIRM), 422)
    whole, line = await run_in_threadpool(forget, desk.bench, user, visitor.name, desk.now())
    return await run_in_threadpool(_one, request, ("good" if whole else "bad", line), 200 if whole else 503)


def _one(request: Request, note: tuple[str, str] | None, status: int = 200) -> Response:
    found = read_person(desk_of(request).bench, request.path_params["user_id"])
    behind = {each["item_id"]: each for each in (found.behind or {}).get("items", ())}
    return page(request, "person.html", "people", status, person=found, behind=behind, note=note)


ROUTES = [
    Route("/console/users", find),
    Route("/console/users/{user_id:path}/forget", forget_them, methods=["POST"]),
    Route("/console/users/{user_id:path}", one),
]
