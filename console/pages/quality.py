"""Quality and cost by day."""

from __future__ import annotations

from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import desk_of
from console.render import page
from jobs.console.quality import By, read_quality, thousand

PARTS = ("all", "segment", "release")


def show(request: Request) -> Response:
    """Charts, and the same figures as a table."""
    desk, asked = desk_of(request), request.query_params.get("by", "all")
    by = cast(By, asked if asked in PARTS else "all")
    found = read_quality(desk.bench, desk.kept, by, desk.now())
    drawn = {
        "days": [day.start for day in found.days],
        "charts": {
            chart.key: {
                "unit": chart.unit,
                "series": [{"label": each.label, "values": list(each.values)} for each in chart.series],
            }
            for chart in found.charts
        },
        "marks": [{"at": mark.at, "kind": mark.kind, "label": mark.label} for mark in found.marks],
    }
    return page(request, "quality.html", "quality", found=found, drawn=drawn, parts=PARTS, thousand=thousand)


ROUTES = [Route("/console/quality", show)]
