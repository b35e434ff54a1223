"""A console that starts makes its pages before anybody asks."""

from __future__ import annotations

import threading
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route

from console.desk import Desk
from console.pages import ALL
from console.warming import PAGES, make_pages, warm
from tests.console.small_console import SmallConsole


def test_every_page_without_a_name_in_it_is_made() -> None:
    addresses = {route.path for page in ALL for route in page.ROUTES if route.methods and "GET" in route.methods}
    named = {"/console/sign-in", "/console/releases/go-back", "/console/releases/promote"}
    parts = {path for path in addresses if "{" in path or path.rsplit("/", 1)[-1] in ("next", "challenger")}
    assert {f"/console{path.partition('?')[0]}" for path in PAGES} >= addresses - named - parts


def test_what_the_first_page_would_wait_for_is_there_also_where_keys_are_on(tmp_path: Path) -> None:
    console = SmallConsole(tmp_path, "on")
    try:
        took = make_pages(console.pages)
        desk: Desk = console.pages.state.desk
        found = desk.kept.get("days", 60.0, lambda: None)
        assert found is not None
        assert set(took) >= {f"/console{path}" for path in PAGES}
    finally:
        console.close()


def test_a_page_that_fails_keeps_no_other_from_being_made_and_one_that_hangs_no_console_from_starting(
    tmp_path: Path,
) -> None:
    console, over, made = SmallConsole(tmp_path), threading.Event(), []

    def fail(_request: object) -> None:
        raise ValueError

    def hang(_request: object) -> None:
        made.append("quality")
        over.wait(60)

    app = Starlette(routes=[Route("/console", fail), Route("/console/quality", hang)])
    app.state.desk = Desk(console.bench, lambda: console.now)
    warm(app, 0.5)
    assert made == ["quality"]
    over.set()
    console.close()
