"""Releases are told with gates and canary figures; without an operator's key nothing changes, with it the way back is
gone at once and kept with who asked."""

from __future__ import annotations

import numpy as np
import pytest

from tests.components.rollout.fake_world import make_arm
from tests.console.small_console import SmallConsole

WHY = {"reason": "clicks look odd", "to": ""}


def live(console: SmallConsole) -> str | None:
    return console.fake.store.routing().live_release


def test_without_a_promotion_the_next_command_is_shown(console: SmallConsole) -> None:
    text = console.text("/console/releases")
    assert "Nothing is live yet." in text
    assert "prefect deployment run promote/default --watch" in text


def test_the_timeline_tells_each_attempt_with_its_gates(console: SmallConsole) -> None:
    console.promote()
    console.promote()
    text = console.text("/console/releases")
    assert "release-2 is live in green ; release-1 stands by" in text
    assert "release-2 went live in green, after release-1, canary 5 %, 25 %, 100 %" in text
    assert "every file is as it was built" in text


def test_a_canary_that_did_harm_is_shown_with_the_guardrail_that_says_so(console: SmallConsole) -> None:
    console.promote()
    slow = make_arm(300, milliseconds=np.full(300, 90.0))
    console.fake.traffic.arms = {"release-1": make_arm(900), "release-2": slow}
    console.promote(expected=False)
    page = console.get("/console/releases/release-2").text
    assert "rejected" in page
    assert "p95 90.0 ms" in page
    assert "release-1 is live in blue" in console.text("/console/releases")


def test_an_unknown_release_is_no_page(console: SmallConsole) -> None:
    assert console.browser.get("/console/releases/release-9").status_code == 404


@pytest.mark.parametrize("role", [None, "viewer"])
@pytest.mark.parametrize("path", ["go-back", "promote"])
def test_nothing_changes_without_an_operators_key(console: SmallConsole, role: str | None, path: str) -> None:
    console.promote()
    console.promote()
    if role:
        console.sign_in(role)  # type: ignore[arg-type]
    assert "This needs an operator's key" in console.text(f"/console/releases/{path}")
    reply = console.browser.post(f"/console/releases/{path}", data=WHY)
    assert (reply.status_code, live(console)) == (403, "release-2")
    assert "needs an operator" in reply.text
    assert [entry["action"] for entry in console.bench.store.audit.newest(100)] == ["key made"] * (role is not None)


def test_with_the_key_the_former_release_answers_at_once_and_the_history_says_who(console: SmallConsole) -> None:
    console.promote()
    console.promote()
    console.sign_in("operator")
    assert "release-1 answers at once, in place of release-2" in console.text("/console/releases/go-back")
    reply = console.browser.post("/console/releases/go-back", data=WHY)
    assert (reply.status_code, live(console)) == (200, "release-1")
    assert "release-1 is live again; release-2 stands by" in reply.text
    assert "clicks look odd" in console.text("/console/releases")
    entry = console.bench.store.audit.newest(100)[-1]
    assert (entry["action"], entry["details"]["reason"]) == ("rolled back", "clicks look odd")
    assert entry["by"].startswith("my operator (")
    rollout = console.bench.store.releases.load()
    assert rollout.holder is None


def test_a_way_back_needs_a_reason(console: SmallConsole) -> None:
    console.promote()
    console.promote()
    console.sign_in("operator")
    reply = console.browser.post("/console/releases/go-back", data={"reason": "  "})
    assert (reply.status_code, live(console)) == (422, "release-2")
    assert "Say why" in reply.text


def test_a_release_that_is_named_is_gone_back_to(console: SmallConsole) -> None:
    for _ in range(3):
        console.promote()
    console.sign_in("operator")
    assert "release-1 is started first" in console.text("/console/releases/go-back?to=release-1")
    console.browser.post("/console/releases/go-back", data={**WHY, "to": "release-1"})
    assert live(console) == "release-1"


def test_where_there_is_nothing_to_go_back_to_that_is_said(console: SmallConsole) -> None:
    console.promote()
    console.sign_in("operator")
    reply = console.browser.post("/console/releases/go-back", data=WHY)
    assert (reply.status_code, live(console)) == (409, "release-1")


def test_a_promotion_that_prefect_does_not_take_is_said_not_to_have_begun(console: SmallConsole) -> None:
    console.promote()
    console.sign_in("operator")
    reply = console.browser.post("/console/releases/promote")
    assert reply.status_code == 409
    assert "the promotion was not started: Prefect does not answer" in reply.text
