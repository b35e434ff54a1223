"""Twelve conversations hold after every turn, and go on from what is kept of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from components.config.routing import RoutingConfig
from components.conversation.dialogue import Turn, take_turn
from components.conversation.state import Conversation, read_conversation
from components.serving.bundle import read_bundle
from components.serving.item_search import FoundItem
from components.serving.request_path import RequestPath
from components.serving.talk import Talk
from tests.chat_scripts import SCRIPTS, Script
from tests.film_bundle import make_film_bundle


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> RequestPath:
    folder: Path = make_film_bundle(tmp_path_factory.mktemp("films") / "bundle")
    return RequestPath(
        read_bundle(folder), RoutingConfig(cold_start_threshold=3, candidates=200), "r", "blue", "default"
    )


def kept(state: Conversation) -> Conversation:
    """The state as another process finds it."""
    return read_conversation(json.loads(json.dumps(state.data())))


def answer_of(turn: Turn[FoundItem], talk: Talk) -> dict[str, Any]:
    items = turn.found.items if turn.found and turn.found.ids else talk.shown(turn.state.shown, turn.state.wishes)
    return {"did": turn.act, "reply": turn.reply, "items": [asdict(item) for item in items]}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_what_must_hold_after_each_turn_holds(path: RequestPath, script: Script) -> None:
    talk, state, before = path.talk(script.user), Conversation(), []
    for message, must in script.turns:
        turn = take_turn(state, message, talk, 4)
        answer = answer_of(turn, talk)
        assert must.faults(answer, before) == [], f"after {message!r}: {answer['reply']}"
        state, before = kept(turn.state), answer["items"]


def test_there_are_twelve_conversations_of_four_turns() -> None:
    assert [len(script.turns) for script in SCRIPTS] == [4] * 12


def test_what_is_kept_is_what_there_was(path: RequestPath) -> None:
    talk, state = path.talk(None), Conversation()
    for message in ("thrillers like Stellar Harbour", "no crime, under two hours", "not the first"):
        state = take_turn(state, message, talk, 4).state
    assert kept(state) == state
    assert state.turns == 3


def test_what_another_version_kept_is_read_as_far_as_it_is_known() -> None:
    rows = [{"kind": "hologram"}, {"kind": "taste", "near": True, "said": "x", "new": 1}, {"kind": "range"}]
    state = read_conversation({"wishes": rows, "shown": ["1"], "more": 1})
    assert [wish.words() for wish in state.wishes] == ["like what you know"]
    assert state.shown == ("1",)


def test_what_the_catalogue_lost_is_no_longer_spoken_of(path: RequestPath) -> None:
    state = Conversation(shown=("gone", "1"))
    turn = take_turn(state, "why the first?", path.talk(None), 4)
    assert turn.reply.startswith("Jolly Harbour (1955)")
