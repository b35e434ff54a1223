"""Data versions, what changed between two, and the quarantine."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import desk_of
from console.render import page
from jobs.console.data_page import read_data


def show(request: Request) -> Response:
    """Two versions side by side where they are named."""
    desk, asked = desk_of(request), request.query_params
    found = read_data(desk.bench, desk.kept, asked.get("before", ""), asked.get("after", ""))
    return page(request, "data.html", "data", found=found)


ROUTES = [Route("/console/data", show)]
