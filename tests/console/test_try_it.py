"""Try it asks the slot as somebody, shows what stands behind each place, and a like goes back as feedback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.console.small_console import SmallConsole

ITEM = {
    "item_id": "541",
    "title": "Blade <Runner>",
    "category": "Action",
    "rank": 1,
    "score": 1.85,
    "source": "pipeline",
}
ANSWER: dict[str, Any] = {
    "request_id": "r1",
    "user_id": "42",
    "route": "cf",
    "fallback_reason": None,
    "release": "release-2",
    "slot": "green",
    "variant": "default",
    "cached": False,
    "degraded": False,
    "cost_usd": 0.0,
    "timings_ms": {"candidates": 0.1, "total": 0.2},
    "items": [{**ITEM, "explanation": "Because you liked Alien (1979)"}],
    "understood": [{"words": "year below 1990", "loosened": False}],
    "ignored": ["please"],
}
BEHIND = {
    "items": [
        {
            "item_id": "541",
            "place": 3,
            "candidates": 300,
            "generators": [["session 2", 2.5, 1], ["ease", 0.3, 9]],
            "pushes": [["years old", None, 0.4], ["mean score", 1.5, -0.2]],
        }
    ]
}


CHAT: dict[str, Any] = {
    "request_id": "r2",
    "conversation_id": "c" * 22,
    "reply": "Understood: <shorter>.",
    "did": "narrow",
    "items": [{**ITEM, "explanation": "98 minutes", "fields": {}}],
    "changed": True,
    "understood": [{"words": "runtime below 120"}],
    "ignored": [],
    "state": {},
    "release": "release-2",
    "slot": "green",
    "variant": "default",
    "cost_usd": 0.0,
    "timings_ms": {"total": 1.0},
}


class SlotStandIn(BaseHTTPRequestHandler):
    """Gives the answers above, and remembers what it was asked."""

    asked: list[tuple[str, dict[str, str], Any]]
    replies: ClassVar[dict[str, Any]] = {
        "/recommend": ANSWER,
        "/chat": CHAT,
        "/breakdown": BEHIND,
        "/feedback": {"accepted": 1, "duplicates": 0},
    }

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        reply = self.replies[self.path]
        status = 200
        if self.path in ("/recommend", "/chat") and body.get("user_id") == "refused":
            status, reply = 422, {"error": {"code": "too_long", "message": "k: too many", "field": "k"}}
        said = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture(params=["off"])
def tried(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SmallConsole]:
    """release-2 is live in green, which the stand-in is, as is blue; nothing was asked yet."""
    console = SmallConsole(tmp_path, keys=request.param)
    server = ThreadingHTTPServer(("127.0.0.1", 0), SlotStandIn)
    SlotStandIn.asked = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint = f"127.0.0.1:{server.server_address[1]}"
    console.bench.settings = console.settings.model_copy(
        update={"blue_endpoints": endpoint, "green_endpoints": endpoint}
    )
    console.promote()
    console.promote()
    yield console
    console.close()
    server.shutdown()
    server.server_close()
    thread.join()


def asked(path: str) -> list[tuple[dict[str, str], Any]]:
    return [(headers, body) for at, headers, body in SlotStandIn.asked if at == path]


def test_nothing_is_asked_until_somebody_asks(tried: SmallConsole) -> None:
    assert "The answer comes here" in tried.text("/console/try")
    assert SlotStandIn.asked == []


def test_an_answer_shows_its_reason_its_route_and_what_stands_behind_each_place(tried: SmallConsole) -> None:
    form = {"who": "known", "user_id": "42", "query": "from the 80s please", "k": "5", "preference": ["Drama", "War"]}
    page = tried.browser.post("/console/try", data=form).text
    for text in (
        "Blade &lt;Runner&gt;",
        "Because you liked Alien (1979)",
        "route cf",
        "year below 1990",
        "did nothing: please",
        "brought by session 2",
        "place 3 of 300 candidates",
        "years old",
        "+0.40",
    ):
        assert text in page
    (headers, body), *_ = asked("/recommend")
    assert body == {
        "user_id": "42",
        "k": 5,
        "context": {"query": "from the 80s please"},
        "profile": {"preferences": {"Drama": 1.0, "War": 1.0}},
    }
    assert headers["x-recops-canary"] == "release-2"


def test_somebody_new_keeps_a_name_of_their_own_and_the_answer_alone_is_swapped_in(tried: SmallConsole) -> None:
    form = {"who": "new", "user_id": "42", "text": "I like slow films"}
    page = tried.browser.post("/console/try", data=form, headers={"hx-request": "true"}).text
    assert "<html" not in page
    user = asked("/recommend")[0][1]["user_id"]
    assert user.startswith("console-")
    tried.browser.post("/console/try", data={**form, "user_id": user})
    assert asked("/recommend")[1][1]["user_id"] == user


def test_a_like_is_feedback_on_that_answer_and_the_same_is_asked_again(tried: SmallConsole) -> None:
    form = {"who": "known", "user_id": "42", "text": "t", "request_id": "r1", "before": "9\n541\n", "like": "541"}
    page = tried.browser.post("/console/try/tell", data=form).text
    assert "You liked 541. This is the answer now." in page
    assert "▲ 1" in page
    assert asked("/feedback")[0][1] == {
        "user_id": "42",
        "item_id": "541",
        "request_id": "r1",
        "type": "rating",
        "value": 5.0,
    }
    assert asked("/recommend")[0][1]["profile"] == {"text": "t"}
    tried.browser.post("/console/try/tell", data={**form, "like": "", "dislike": "541"})
    assert asked("/feedback")[1][1]["type"] == "dislike"


def test_two_releases_stand_side_by_side(tried: SmallConsole) -> None:
    page = tried.browser.post("/console/try", data={"who": "known", "user_id": "42", "compare": "yes"}).text
    assert [headers["x-recops-canary"] for headers, _ in asked("/recommend")] == ["release-2", "release-1"]
    assert page.count("Blade &lt;Runner&gt;</a>") == 2


def test_what_a_slot_refuses_is_said_in_its_words(tried: SmallConsole) -> None:
    page = tried.browser.post("/console/try", data={"who": "known", "user_id": "refused"}).text
    assert "k: too many (422 too_long)" in page


def test_a_conversation_is_held_by_the_slot_and_begins_with_what_was_looked_for(tried: SmallConsole) -> None:
    form = {"user_id": "42", "k": "30", "query": "a western", "said": "but shorter"}
    page = tried.browser.post("/console/try/chat", data=form).text
    assert [body for _, body in asked("/chat")] == [
        {"message": "a western", "k": 10, "user_id": "42"},
        {"message": "but shorter", "k": 10, "conversation_id": CHAT["conversation_id"]},
    ]
    assert {headers["x-recops-canary"] for headers, _ in asked("/chat")} == {"release-2"}
    for shown in (
        "a western",
        "but shorter",
        "Understood: &lt;shorter&gt;",
        "Blade &lt;Runner&gt;</a>",
        "runtime below 120",
    ):
        assert shown in page
    more = {"user_id": "42", "conversation_id": CHAT["conversation_id"], "query": "a western", "said": "why?"}
    lines = {"was_said": ["a western", "but shorter"], "was_replied": ["one", "two"]}
    page = tried.browser.post("/console/try/chat", data={**more, **lines}, headers={"hx-request": "true"}).text
    assert asked("/chat")[-1][1]["message"] == "why?"
    assert len(asked("/chat")) == 3
    assert "<html" not in page
    assert page.count('class="said"') == 3


def test_a_conversation_that_the_slot_has_forgotten_says_so_and_keeps_what_was_said(tried: SmallConsole) -> None:
    form = {"user_id": "refused", "said": "shorter"}
    page = tried.browser.post("/console/try/chat", data=form).text
    assert "k: too many (422 too_long)" in page
    assert "shorter" in page
    assert tried.browser.post("/console/try/chat", data={"user_id": "42"}).status_code == 422


@pytest.mark.parametrize("tried", ["on"], indirect=True)
def test_with_keys_on_only_an_operator_asks_and_their_key_is_shown_to_the_slot(tried: SmallConsole) -> None:
    tried.sign_in("viewer")
    for path in ("/console/try", "/console/try/tell", "/console/try/chat"):
        assert tried.browser.post(path, data={"user_id": "42", "like": "541", "said": "x"}).status_code == 403
    assert SlotStandIn.asked == []
    tried.sign_in("operator")
    tried.browser.post("/console/try", data={"who": "known", "user_id": "42"})
    assert asked("/recommend")[0][0]["authorization"].startswith("Bearer rk_")
    assert "authorization" not in asked("/breakdown")[0][0]
