"""Who may look and act: own pages alone, with keys on an operator or a viewer, and what a browser is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.access.manage_keys import revoke
from tests.console.small_console import SmallConsole


def test_a_foreign_host_or_origin_gets_nothing(console: SmallConsole) -> None:
    assert console.browser.get("/console", headers={"host": "evil.example:8080"}).status_code == 403
    port = console.settings.mlflow_port
    for origin in ("http://evil.example", f"http://127.0.0.1:{port}", "null"):
        assert console.browser.post("/console/sign-out", headers={"origin": origin}).status_code == 403


def test_a_change_that_does_not_say_where_it_comes_from_is_refused(console: SmallConsole) -> None:
    del console.browser.headers["origin"]
    assert console.browser.post("/console/sign-out").status_code == 403
    same = {"sec-fetch-site": "same-origin"}
    assert console.browser.post("/console/sign-out", headers=same).status_code == 303


def test_a_page_runs_no_script_of_others_and_is_framed_by_nobody(console: SmallConsole) -> None:
    headers = console.get("/console").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_the_bare_address_leads_to_the_console(console: SmallConsole) -> None:
    assert console.browser.get("/").headers["location"] == "/console"


def test_a_session_is_kept_from_scripts_and_other_sites(console: SmallConsole) -> None:
    reply = console.sign_in("operator")
    assert (reply.status_code, reply.headers["location"]) == (303, "/console")
    cookie = reply.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/console"))
    assert "my operator, operator" in console.text("/console")
    console.browser.post("/console/sign-out")
    assert "my operator" not in console.text("/console")


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example", "/console/..//evil", "/conſole", "/recommend"]
)
def test_signing_in_leads_to_pages_of_the_console_alone(console: SmallConsole, place: str) -> None:
    reply = console.browser.post("/console/sign-in", data={"key": console.key("operator"), "next": place})
    assert reply.headers["location"] == "/console"


@pytest.mark.parametrize("role", ["client", "server"])
def test_a_key_that_is_not_for_looking_signs_nobody_in(console: SmallConsole, role: str) -> None:
    reply = console.sign_in(role)  # type: ignore[arg-type]
    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers


def test_with_keys_on_nothing_is_shown_without_one_and_a_viewers_is_enough(tmp_path: Path) -> None:
    console = SmallConsole(tmp_path, keys="on")
    for path in ("/console", "/console/parts/next"):
        reply = console.browser.get(path)
        assert (reply.status_code, reply.headers["location"]) == (303, f"/console/sign-in?next={path}")
    assert console.browser.get("/console/static/console.css").status_code == 200
    console.sign_in("viewer")
    assert "Nothing is live yet" in console.text("/console")
    console.close()


def test_a_key_that_was_taken_back_ends_the_session(tmp_path: Path) -> None:
    console = SmallConsole(tmp_path, keys="on")
    console.sign_in("viewer")
    assert console.browser.get("/console").status_code == 200
    revoke(console.bench, console.bench.store.keys.all()[0].key_id, console.now, "test")
    assert console.browser.get("/console").status_code == 303
    console.close()


def test_a_session_ends_by_itself(console: SmallConsole) -> None:
    console.sign_in("operator")
    console.now += 12 * 3600
    assert "Sign in" in console.text("/console")
