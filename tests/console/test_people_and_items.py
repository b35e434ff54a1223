"""A user and an item are shown with what store, bundle and slot know; forgetting needs the key and the id."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import insert

from bentos.served_release import FILE, ServedRelease, ServedVariant
from components.adapters.files.params_file import read_params
from components.adapters.store.tables import feedback, requests
from tests.console.small_console import PROJECT, SmallConsole
from tests.console.test_try_it import SlotStandIn
from tests.worlds import make_bundle

USER = "8"
BEHIND: dict[str, Any] = {
    "n_known": 8,
    "method": "ranker",
    "items": [{"item_id": "110", "place": 1, "candidates": 20, "generators": [["ease 1", 1.0, 1]], "pushes": []}],
}
SIMILAR: dict[str, Any] = {
    "items": [{"item_id": "111", "title": "Film 111", "category": "Drama", "score": 0.5, "source": "ease"}]
}


class KnowingSlot(SlotStandIn):
    """Says what stands behind a list, and what is like an item; drops what it keeps of a user."""

    asked: ClassVar[list[tuple[str, dict[str, str], Any]]] = []
    replies: ClassVar[dict[str, Any]] = {"/breakdown": BEHIND, "/similar": SIMILAR, "/forget": {"forgotten": 1}}


@pytest.fixture
def known(tmp_path: Path) -> Iterator[SmallConsole]:
    """release-1 is live in blue; user 8, who knows items 101 to 107, got 110 and 120 and clicked 110."""
    console = SmallConsole(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), KnowingSlot)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint = f"127.0.0.1:{server.server_address[1]}"
    console.bench.settings = console.settings.model_copy(
        update={"blue_endpoints": endpoint, "green_endpoints": endpoint}
    )
    console.promote()
    folder = console.bench.bento_folder("recops:release-1") / "src"
    folder.mkdir(parents=True)
    make_bundle(folder / "bundle")
    routing = read_params(PROJECT / "params.yaml").routing
    release = ServedRelease(release_id="release-1", variants=(ServedVariant(routing=routing),))
    (folder / FILE).write_text(release.model_dump_json())
    write_visit(console)
    yield console
    console.close()
    server.shutdown()
    server.server_close()
    thread.join()


def write_visit(console: SmallConsole) -> None:
    now = console.now
    row = {
        "request_id": "r1", "received_at": now - 60, "user_id": USER, "k": 2, "context": {"context": {"device": "tv"}},
        "route": "cf", "fallback_reason": None, "release_id": "release-1", "slot": "blue", "variant": "default",
        "degraded": False, "cached": False, "candidates": [], "scores": [], "items": ["110", "120"],
        "timings_ms": {"total": 1.5}, "cost_usd": 0.0, "item_sources": ["ease"], "item_scores": [2.0, 1.0],
    }  # fmt: skip
    did = {"event_id": "e1", "request_id": "r1", "user_id": USER, "item_id": "110", "type": "click"}
    with console.bench.store.engine.begin() as db:
        db.execute(insert(requests).values(**row))
        db.execute(insert(feedback).values(**did, occurred_at=now - 50, received_at=now - 50))


def test_a_user_is_shown_with_what_they_got_did_and_what_training_knows(known: SmallConsole) -> None:
    assert USER in known.text("/console/users")
    reply = known.browser.get("/console/users?id=8")
    assert (reply.status_code, reply.headers["location"]) == (303, "/console/users/8")
    text = known.text("/console/users/8")
    for part in (
        "7 interactions in training, 8 with what they did since; ordered by: ranker",
        "Film 110 click now place 1, brought by ease",
        "device tv",
        "Film 101 Sci-Fi",
    ):
        assert part in text
    assert "The live model does not know them" in known.text("/console/users/nobody")


def test_an_item_is_shown_with_its_facts_its_neighbours_and_where_it_stood(known: SmallConsole) -> None:
    assert "Film 110" in known.text("/console/items?q=film 110")
    assert "Nothing has these words in its title" in known.text("/console/items?q=western")
    text = known.text("/console/items/103")
    assert "known by 5 users in training" in text
    assert "Film 111 Drama · 0.5" in text
    assert "In 0 of the newest 1 lists" in text
    assert "In 1 of the newest 1 lists, at place 2 on average." in known.text("/console/items/120")
    assert known.browser.get("/console/items/no-such-item").status_code == 404


def test_ids_with_slashes_and_marks_have_pages(known: SmallConsole) -> None:
    reply = known.browser.get("/console/users", params={"id": "a/b?<i>"})
    page = known.get(reply.headers["location"]).text
    assert "User a/b?&lt;i&gt;" in page


@pytest.mark.parametrize(
    ("role", "confirm", "status"), [(None, USER, 403), ("viewer", USER, 403), ("operator", "9", 422)]
)
def test_nobody_is_forgotten_without_the_key_and_the_id(
    known: SmallConsole, role: str | None, confirm: str, status: int
) -> None:
    if role:
        known.sign_in(role)  # type: ignore[arg-type]
    assert known.browser.post("/console/users/8/forget", data={"confirm": confirm}).status_code == status
    assert "Film 110 click" in known.text("/console/users/8")


def test_an_operator_forgets_somebody_and_it_is_written_down_without_their_id(known: SmallConsole) -> None:
    known.sign_in("operator")
    reply = known.browser.post("/console/users/8/forget", data={"confirm": USER})
    assert (reply.status_code, "forgotten: 1 feedback, 1 requests" in reply.text) == (200, True)
    assert "They have not asked yet" in known.text("/console/users/8")
    entry = known.bench.store.audit.newest(100)[-1]
    assert (entry["action"], USER in json.dumps(entry["details"])) == ("user forgotten", False)
