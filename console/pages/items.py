"""An item: finding one, and one in full."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import desk_of
from console.render import page
from jobs.console.item import find_items, read_item
from jobs.errors import NothingThereError


def find(request: Request) -> Response:
    """A box for words, and what they find."""
    text = request.query_params.get("q", "").strip()[:200]
    return page(request, "items.html", "items", text=text, found=find_items(desk_of(request).bench, text))


def one(request: Request) -> Response:
    """What is known of it."""
    desk = desk_of(request)
    try:
        found = read_item(desk.bench, desk.kept, request.path_params["item_id"])
    except NothingThereError as error:
        raise HTTPException(404) from error
    if found is None:
        raise HTTPException(404)
    return page(request, "item.html", "items", item=found)


ROUTES = [Route("/console/items", find), Route("/console/items/{item_id:path}", one)]
