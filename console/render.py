"""Makes pages of templates; numbers and moments are written here, so that all pages write them alike."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from console.desk import desk_of, links_of, visitor_of

NAV = (
    ("Now", (("loop", "The loop", "/console"), ("try", "Try it", "/console/try"))),
    (
        "Change",
        (
            ("releases", "Releases", "/console/releases"),
            ("experiments", "Experiments and shadow", "/console/experiments"),
        ),
    ),
    ("Watch", (("quality", "Quality and cost", "/console/quality"), ("alerts", "Alerts", "/console/alerts"))),
    (
        "Look up",
        (
            ("data", "Data", "/console/data"),
            ("people", "A user", "/console/users"),
            ("items", "An item", "/console/items"),
        ),
    ),
)
DAY = 86_400.0


def page(request: Request, template: str, at: str, status: int = 200, **values: Any) -> Response:
    """A whole page; `at` names the entry of the navigation that it belongs to."""
    return HTMLResponse(
        _TEMPLATES.get_template(template).render(
            {
                "at": at,
                "nav": NAV,
                "visitor": visitor_of(request),
                "links": links_of(request),
                "now": desk_of(request).now(),
                "path": request.url.path,
                **values,
            }
        ),
        status,
    )


def oops(request: Request, error: Exception) -> Response:
    """The page of an error."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if "visitor" not in request.scope:
        return PlainTextResponse("nothing is here\n", status)
    text = {404: "There is no such page.", 405: "This address takes no such request."}.get(
        status, "The page could not be made; `recops logs console` says why."
    )
    return page(request, "oops.html", "", status, text=text)


def moment(seconds: float | None) -> str:
    """Seconds since 1970 for people: 25 Nov 2026, 03:10 UTC."""
    return "–" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%-d %b %Y, %H:%M UTC")


def day(seconds: float) -> str:
    """The day in UTC: 25 Nov."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%-d %b")


def day_and_year(seconds: float) -> str:
    """The day in UTC with its year: 25 Nov 2026."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%-d %b %Y")


def iso(seconds: float) -> str:
    """For programs."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def span(seconds: float | None) -> str:
    """A time span in its largest unit: 3 min, 2 h, 4 days."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    size = abs(seconds)
    for least, unit, name in ((2 * DAY, DAY, "days"), (3600.0, 3600.0, "h"), (60.0, 60.0, "min"), (1.0, 1.0, "s")):
        if size >= least:
            return f"{size / unit:.0f} {name}"
    return f"{size * 1000:.0f} ms" if size else "0 s"


def ago(seconds: float | None, now: float) -> str:
    """How long since then: "4 min ago", or "in 4 min"."""
    if seconds is None:
        return "–"
    return f"{span(now - seconds)} ago" if seconds <= now else f"in {span(seconds - now)}"


def number(value: float | None, digits: int = 3) -> str:
    """A figure; a dash where it is not known."""
    if value is None or not math.isfinite(value):
        return "–"
    whole = value == int(value) or abs(value) >= 1000
    return f"{value:,.0f}" if whole else f"{value:.{digits}g}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share in per cent."""
    return "–" if value is None or not math.isfinite(value) else f"{100 * value:.{digits}f}\u00a0%"


def figure(value: float | None, unit: str) -> str:
    """A figure in its unit: share, ms, usd or none."""
    if value is None or not math.isfinite(value):
        return "–"
    if unit == "share":
        return percent(value)
    if unit == "ms":
        return f"{number(value)}\u00a0ms"
    return f"${value:,.4g}" if unit == "usd" else number(value, 4)


def sparkline(values: Sequence[float]) -> str:
    """The path of a line through the known values, in a box of 100 by 30 with 0 below; "" for fewer than two."""
    known = [(place, value) for place, value in enumerate(values) if math.isfinite(value)]
    if len(known) < 2:
        return ""
    top = max(value for _, value in known) or 1.0
    points = [f"{100 * place / (len(values) - 1):.1f} {30 - 28 * value / top:.1f}" for place, value in known]
    return "M" + "L".join(points)


def generator(name: str) -> str:
    """A candidate generator as people call it: the only one of its kind needs no number."""
    return name.removesuffix(" 1").replace("_", " ")


def island(value: Any) -> Markup:
    """JSON for a `<script type="application/json">`, which nothing in it can close."""
    text = json.dumps(_plain(value), separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704 - nothing in it is markup now


def _plain(value: Any) -> Any:
    """Without NaN, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {
    each.__name__: each
    for each in (moment, day, day_and_year, iso, span, ago, number, percent, figure, generator, sparkline, island)
}
