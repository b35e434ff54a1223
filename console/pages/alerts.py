"""Incidents, and taking them on or keeping a rule quiet with an operator's key."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.desk import desk_of, form_text, visitor_of
from console.render import page
from jobs.console.incidents import keep_quiet, read_incidents, take_on


def show(request: Request) -> Response:
    """What is open, and what was."""
    return _page(request, None)


async def acknowledge(request: Request) -> Response:
    """Takes an incident on."""
    form, visitor, desk = await request.form(), visitor_of(request), desk_of(request)
    if not visitor.may_act:
        return await run_in_threadpool(_page, request, "This needs an operator's key: sign in first.", 403)
    number, why = request.path_params["alert_id"], form_text(form, "why", 500)
    fault = await run_in_threadpool(take_on, desk.bench, number, visitor.name, why, desk.now())
    return await _done(request, fault)


async def silence(request: Request) -> Response:
    """Keeps a rule quiet."""
    form, visitor, desk = await request.form(), visitor_of(request), desk_of(request)
    if not visitor.may_act:
        return await run_in_threadpool(_page, request, "This needs an operator's key: sign in first.", 403)
    rule, length, why = (form_text(form, name, 500) for name in ("rule", "length", "why"))
    fault = await run_in_threadpool(keep_quiet, desk.bench, rule, length, why, visitor.name, desk.now())
    return await _done(request, fault)


async def _done(request: Request, fault: str | None) -> Response:
    if fault is not None:
        return await run_in_threadpool(_page, request, fault, 422)
    return RedirectResponse("/console/alerts", 303)


def _page(request: Request, fault: str | None, status: int = 200) -> Response:
    desk = desk_of(request)
    return page(request, "alerts.html", "alerts", status, found=read_incidents(desk.bench, desk.now()), fault=fault)


ROUTES = [
    Route("/console/alerts", show),
    Route("/console/alerts/silence", silence, methods=["POST"]),
    Route("/console/alerts/{alert_id:int}/acknowledge", acknowledge, methods=["POST"]),
]
