"""Puts the console together: its pages, static files, and what guards them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from console.desk import Desk
from console.door import ConsoleDoor
from console.pages import ALL
from console.render import oops
from jobs.wiring.workbench import Workbench

HERE = Path(__file__).parent
ROOT = "/console"


def make_app(bench: Workbench, now: Callable[[], float]) -> Starlette:
    """The console on what `bench` holds; `now` gives seconds since 1970."""
    routes = [
        Route("/", _lead_in),
        Mount(f"{ROOT}/static", StaticFiles(directory=HERE / "static"), name="static"),
        *(route for page in ALL for route in page.ROUTES),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(ConsoleDoor)],
        exception_handlers={404: oops, 405: oops, 500: oops},
    )
    app.state.desk = Desk(bench, now)
    return app


def _lead_in(_request: Request) -> Response:
    return RedirectResponse(ROOT, 302)
