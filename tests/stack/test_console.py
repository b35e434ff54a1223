"""A real browser at the gateway of a running stack with two weeks of history: pages, a question, a like, a way back.

Nothing is asked of another host, nothing is complained about, and axe-core finds no serious fault, light and dark, wide
and narrow.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jobs.access.manage_keys import make
from jobs.monitoring.look_back import look_back
from jobs.simulation.history import write_history
from tests.chromium import CHROMIUM, MISSING, Chromium
from tests.components.simulation.people_worlds import person
from tests.stack.small_stack import USERS, SmallStack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1200), pytest.mark.skipif(CHROMIUM is None, reason=MISSING)]

AXE = Path(__file__).parent / "axe" / "axe.min.js"
PAGES = (
    "",
    "/try",
    "/releases",
    "/releases/release-2",
    "/releases/go-back",
    "/releases/promote",
    "/experiments",
    "/quality",
    "/quality?by=release",
    "/alerts",
    "/data",
    "/users",
    "/users/8",
    "/items",
    "/items/110",
    "/sign-in",
    "/no-such-page",
)
FAULTS = """axe.run(document).then(found => found.violations
  .filter(each => ["serious", "critical"].includes(each.impact))
  .map(each => `${each.id}: ${each.nodes[0].html.slice(0, 200)}`))"""
PEOPLE = tuple(person(user, *(str(101 + (place + 3 * n) % 30) for n in range(8))) for place, user in enumerate(USERS))


@pytest.fixture(scope="module")
def shown(stack: SmallStack) -> str:
    """Where the console is, behind the gateway, after two weeks of simulated history."""
    written = write_history(stack.bench, PEOPLE, 14, 1400, 5, time.time())
    assert look_back(stack.bench, written.start, written.end, lambda _day: None) >= 11
    base = f"{stack.settings.gateway_url}/console"
    deadline = time.monotonic() + 60
    while httpx.get(base).status_code != 200:
        assert time.monotonic() < deadline, "the console does not answer"
        time.sleep(0.2)
    return base


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    """release-2 is live in green, release-1 stands by in blue, and the console runs."""
    small = SmallStack(tmp_path_factory.mktemp("console"))
    try:
        small.start("console")
        small.promote()
        small.promote()
        yield small
    finally:
        small.supervisor.shut_down()
        small.bench.close()


@pytest.fixture
def browser(tmp_path: Path, shown: str) -> Iterator[Chromium]:
    """At the loop."""
    with Chromium(tmp_path / "profile") as chromium:
        chromium.dress(1280, 900, "light")
        chromium.show(shown)
        yield chromium


def is_quiet(browser: Chromium, base: str) -> bool:
    """Nothing was complained about, and nobody else was asked."""
    ours = base.removesuffix("/console")
    assert browser.complaints == []
    assert [url for url in browser.asked if not url.startswith((ours, "data:"))] == []
    return len(browser.asked) > 3


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")])
def test_every_page_is_whole_and_without_serious_faults(browser: Chromium, shown: str, width: int, scheme: str) -> None:
    browser.call("Page.addScriptToEvaluateOnNewDocument", source=AXE.read_text())
    browser.dress(width, 900, scheme)
    for path in PAGES:
        browser.show(shown + path)
        assert browser.run(FAULTS) == [], path
        assert browser.run("document.documentElement.scrollWidth") <= width, path
        assert "The page could not be made" not in browser.text()
    missing = [line for line in browser.complaints if "no-such-page" not in line]
    browser.complaints[:] = missing
    assert is_quiet(browser, shown)


def test_charts_are_drawn_for_each_day(browser: Chromium, shown: str) -> None:
    browser.show(f"{shown}/quality")
    drawn: Any = json.loads(browser.run("document.getElementById('drawn').textContent"))
    assert len(drawn["days"]) >= 11
    assert browser.run("document.querySelectorAll('.plot canvas').length") == len(drawn["charts"])
    assert {"release"} <= {mark["kind"] for mark in drawn["marks"]}
    assert is_quiet(browser, shown)


def test_the_live_release_is_found_asked_liked_and_the_answer_changes(browser: Chromium, shown: str) -> None:
    assert "release-2" in browser.text(".hub")
    browser.click(".hub .primary")
    browser.fill("[name=text]", "I like Comedy")
    browser.click(".ask .primary")
    browser.until("document.querySelectorAll('.item').length === 10")
    assert "Understood: Comedy" in browser.text(".understood")
    first = browser.run("[...document.querySelectorAll('.item h3 a')].map(each => each.textContent)")
    browser.click(".item [name=like]")
    browser.until("!!document.querySelector('.note.good')")
    assert f"You liked {first[0]}. This is the answer now." in browser.text(".note")
    second = browser.run("[...document.querySelectorAll('.item h3 a')].map(each => each.textContent)")
    assert first[0] not in second
    assert second != first
    browser.fill(".more input[name=said]", "nothing from Tag 1")
    browser.click(".more button")
    browser.until("!!document.querySelector('.replied')")
    assert "nothing from Tag 1" in browser.text(".said")
    browser.run("document.querySelector('[name=compare]').checked = true; 1")
    browser.click(".ask .primary")
    browser.until("document.querySelectorAll('.answers section').length === 2")
    assert is_quiet(browser, shown)


def test_nobody_goes_back_without_the_key_and_with_it_the_former_release_is_live(
    browser: Chromium, shown: str, stack: SmallStack
) -> None:
    origin = {"origin": stack.settings.gateway_url}
    refused = httpx.post(f"{shown}/releases/go-back", data={"reason": "to see"}, headers=origin)
    assert (refused.status_code, stack.world.store.routing().live_release) == (403, "release-2")
    browser.show(f"{shown}/releases/go-back")
    assert "This needs an operator's key" in browser.text()
    browser.click("main .primary")
    browser.fill("[name=key]", make(stack.bench, "ann", "operator", None, time.time(), "test").text)
    browser.click("main .primary")
    browser.fill("[name=reason]", "clicks look odd")
    browser.click(".danger")
    browser.until("!!document.querySelector('.note.good')")
    assert "release-1 is live again; release-2 stands by" in browser.text(".note")
    assert stack.world.store.routing().live_release == "release-1"
    body = {"user_id": "8"}
    assert httpx.post(f"{stack.settings.gateway_url}/recommend", json=body).json()["release"] == "release-1"
    assert "release-1" in browser.text(".lead")
    assert is_quiet(browser, shown)
