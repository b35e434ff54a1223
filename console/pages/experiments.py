"""Experiments and prompts in shadow."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import desk_of
from console.render import page
from jobs.console.trials import Bounds, read_trials

WIDTH, ROW = 320.0, 26.0


def show(request: Request) -> Response:
    """All of them."""
    found = read_trials(desk_of(request).bench)
    return page(request, "experiments.html", "experiments", found=found, forest=forest)


def forest(intervals: tuple[Bounds, ...]) -> dict[str, object]:
    """Where each interval is drawn, in units of the picture: a row each, the oldest first, and where 0 is."""
    low, high = min(0.0, *(each.low for each in intervals)), max(0.0, *(each.high for each in intervals))
    scale = WIDTH / ((high - low) or 1.0)
    rows = [
        {
            "y": ROW * (number + 0.5),
            "low": (each.low - low) * scale,
            "value": (each.value - low) * scale,
            "high": (each.high - low) * scale,
            "said": each,
        }
        for number, each in enumerate(intervals)
    ]
    return {"width": WIDTH, "height": ROW * len(rows), "zero": -low * scale, "rows": rows}


ROUTES = [Route("/console/experiments", show)]
