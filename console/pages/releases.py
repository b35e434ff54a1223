"""Releases: the timeline, one release in full, and promoting and going back, each confirmed on a page of its own."""

from __future__ import annotations

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from components.rollout.ledger import UnknownRelease
from console.desk import desk_of, form_text, visitor_of
from console.render import page
from jobs.console.change_release import ChangeTold, go_back_now, start_promotion
from jobs.console.release_story import read_one, read_story
from jobs.console.surroundings import read_challenger


def show(request: Request) -> Response:
    """The timeline."""
    return page(request, "releases.html", "releases", story=read_story(desk_of(request).bench), told=None)


def one(request: Request) -> Response:
    """A release with its gates, canary figures and times."""
    try:
        found = read_one(desk_of(request).bench, request.path_params["release_id"])
    except UnknownRelease as error:
        raise HTTPException(404) from error
    return page(request, "release.html", "releases", release=found)


def confirm_way_back(request: Request) -> Response:
    """From what to what, and why."""
    return _confirm_way_back(request, request.query_params.get("to", "")[:64], None)


def confirm_promotion(request: Request) -> Response:
    """Which model would be promoted."""
    return _confirm_promotion(request, None)


async def roll_back(request: Request) -> Response:
    """Goes back, with an operator's key."""
    form = await request.form()
    to, reason, visitor = form_text(form, "to", 64), form_text(form, "reason", 500), visitor_of(request)
    if not visitor.may_act or not reason:
        fault = "Say why: it stays in the history." if visitor.may_act else None
        return await run_in_threadpool(_confirm_way_back, request, to, fault, 422 if visitor.may_act else 403)
    desk = desk_of(request)
    told = await run_in_threadpool(go_back_now, desk.bench, to or None, reason, visitor.name, desk.now())
    return await run_in_threadpool(_changed, request, told)


async def promote(request: Request) -> Response:
    """Starts a promotion, with an operator's key."""
    visitor, desk = visitor_of(request), desk_of(request)
    if not visitor.may_act:
        return await run_in_threadpool(_confirm_promotion, request, None, 403)
    told = await run_in_threadpool(start_promotion, desk.bench, visitor.name, desk.now())
    return await run_in_threadpool(_changed, request, told)


def _confirm_way_back(request: Request, to: str, fault: str | None, status: int = 200) -> Response:
    bench = desk_of(request).bench
    routing = bench.store.releases.routing()
    values = {"routing": routing, "to": to, "fault": fault, "by_flow": bench.settings.processes == "containers"}
    return page(request, "go_back.html", "releases", status, **values)


def _confirm_promotion(request: Request, fault: str | None, status: int = 200) -> Response:
    bench = desk_of(request).bench
    routing, challenger = bench.store.releases.routing(), read_challenger(bench)
    return page(request, "promote.html", "releases", status, routing=routing, challenger=challenger, fault=fault)


def _changed(request: Request, told: ChangeTold) -> Response:
    desk = desk_of(request)
    desk.kept.drop("days")
    reply = page(
        request, "releases.html", "releases", 200 if told.done else 409, story=read_story(desk.bench), told=told
    )
    if told.afterwards is not None:
        reply.background = BackgroundTask(told.afterwards)
    return reply


ROUTES = [
    Route("/console/releases", show),
    Route("/console/releases/go-back", confirm_way_back),
    Route("/console/releases/go-back", roll_back, methods=["POST"]),
    Route("/console/releases/promote", confirm_promotion),
    Route("/console/releases/promote", promote, methods=["POST"]),
    Route("/console/releases/{release_id}", one),
]
