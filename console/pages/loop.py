"""The loop: one picture, and two parts of it that others have to be asked for."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import desk_of
from console.render import page
from jobs.console.loop import read_loop
from jobs.console.surroundings import read_challenger, read_plans


def show(request: Request) -> Response:
    """The whole picture."""
    desk = desk_of(request)
    return page(request, "loop.html", "loop", loop=read_loop(desk.bench, desk.kept, desk.now()))


def plans(request: Request) -> Response:
    """What Prefect runs next."""
    desk = desk_of(request)
    return page(request, "part_next.html", "loop", planned=read_plans(desk.bench, desk.kept, desk.now()))


def challenger(request: Request) -> Response:
    """Which model a promotion would take."""
    return page(request, "part_challenger.html", "loop", challenger=read_challenger(desk_of(request).bench))


ROUTES = [
    Route("/console", show),
    Route("/console/parts/next", plans),
    Route("/console/parts/challenger", challenger),
]
