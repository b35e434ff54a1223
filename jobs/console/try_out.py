"""Asks a slot as somebody, tells it what they like, and says what stands behind each place.

What is asked here is marked as on trial: it is kept apart from what users got, and counts in no rule, no figure and no
experiment. While a canary runs its slot is asked without the mark, by which it would be judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.adapters.slots.questions import ask_as_stack, ask_slot
from components.adapters.store.traffic.latest import feedback_of
from components.rollout.routing import SLOTS, RoutingState, Slot
from components.serving.bundle import BundleError
from components.serving.bundle_parts import read_expected_users
from jobs.console.kept import Kept
from jobs.errors import NothingThereError
from jobs.live_release import live_release
from jobs.wiring.workbench import Workbench

SHOWN_LABELS = 24
DONE = 8


@dataclass(frozen=True)
class TriedQuestion:
    """What somebody asks."""

    user_id: str
    k: int = 10
    query: str = ""
    text: str = ""
    mood: str = ""
    time_of_day: str = ""
    device: str = ""
    preferences: Mapping[str, float] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The body of `POST /recommend`."""
        context = {
            "query": self.query,
            "mood": self.mood,
            "time_of_day": self.time_of_day,
            "device": self.device,
        }
        profile: dict[str, Any] = {"text": self.text}
        if self.preferences:
            profile["preferences"] = dict(self.preferences)
        return {
            "user_id": self.user_id,
            "k": self.k,
            "context": {name: value for name, value in context.items() if value},
            "profile": {name: value for name, value in profile.items() if value},
        }


@dataclass(frozen=True)
class Told:
    """Something the user did: what, to which item, and whether it was a like."""

    kind: str
    item_id: str
    title: str


@dataclass(frozen=True)
class Heard:
    """What a slot answers, and what stands behind the places, by item id; or why there is no answer."""

    slot: str
    release: str | None
    role: str
    answer: dict[str, Any] | None
    fault: str | None
    behind: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Helps:
    """What the form offers: users that training knows, labels of the items, and what a like is worth."""

    users: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    like: float = 5.0


def read_helps(bench: Workbench, kept: Kept) -> Helps:
    """Of the live release; nothing where nothing is live."""
    state = bench.store.releases.routing()
    if state.live_release is None:
        return Helps()
    return kept.get(f"helps {state.live_release}", 3600.0, lambda: _helps(bench))


def other_slot(bench: Workbench) -> Slot | None:
    """The slot beside the live one, where it runs a release."""
    state = bench.store.releases.routing()
    idle = state.idle_slot
    return idle if state.live_slot and state.releases[idle] and state.should_run[idle] else None


def ask(bench: Workbench, question: TriedQuestion, compare: bool, key: str | None) -> list[Heard]:
    """What the live slot answers, and with `compare` the other one beside it.

    Raises:
        NothingThereError: nothing is live.
    """
    state = bench.store.releases.routing()
    if state.live_slot is None:
        raise NothingThereError("nothing is live yet; run `recops up`")
    beside = other_slot(bench) if compare else None
    return [_ask(bench, state, slot, question, key) for slot in (state.live_slot, beside) if slot is not None]


def tell(
    bench: Workbench, user_id: str, item_id: str, request_id: str, like: bool, worth: float, key: str | None
) -> str | None:
    """A like or dislike of an item, as feedback like any other; why it was not taken, or None.

    Raises:
        NothingThereError: nothing is live.
    """
    state = bench.store.releases.routing()
    if state.live_slot is None:
        raise NothingThereError("nothing is live yet; run `recops up`")
    event: dict[str, Any] = {"user_id": user_id, "item_id": item_id, "request_id": request_id}
    event |= {"type": "rating", "value": worth} if like else {"type": "dislike"}
    reply = ask_slot(bench.settings.slot_urls(state.live_slot)[0], "/feedback", event, key)
    if reply.answer is None:
        return reply.fault
    errors = reply.answer.get("errors", [])
    return str(errors[0]["message"]) if errors else None


def done_by(bench: Workbench, user_id: str) -> list[Told]:
    """What the user did last, the latest first, once each; titles are those of the live release."""
    rows = feedback_of(bench.store.engine, user_id, 4 * DONE)
    titles = titles_of(bench, [row["item_id"] for row in rows])
    told = (Told(_kind(row), row["item_id"], titles[row["item_id"]]) for row in rows)
    return list(dict.fromkeys(told))[:DONE]


def titles_of(bench: Workbench, item_ids: Sequence[str]) -> dict[str, str]:
    """By id; the id itself of an item that the live release does not know."""
    try:
        items = live_release(bench).items
    except NothingThereError:
        return {item_id: item_id for item_id in item_ids}
    return {
        item_id: items.titles[items.row_of[item_id]] if item_id in items.row_of else item_id for item_id in item_ids
    }


def explain(bench: Workbench, slot: str, user_id: str, item_ids: Sequence[str]) -> tuple[dict[str, Any] | None, str]:
    """What stands behind these items for the user, as the slot says it; else None and why not."""
    place = SLOTS[SLOTS.index(slot)]
    body = {"user_id": user_id, "item_ids": list(item_ids)}
    reply = ask_as_stack(bench.settings.slot_urls(place)[0], "/breakdown", body)
    return reply.answer, reply.fault or ""


def _helps(bench: Workbench) -> Helps:
    try:
        files = live_release(bench)
        items, manifest = files.items, files.read_manifest()
        known = read_expected_users(files.folder / files.control.bundle)
    except (NothingThereError, BundleError):
        return Helps()
    counts: dict[str, int] = {}
    for row in range(len(items)):
        for label in {items.categories[row], *items.tags[row]}:
            if label and not label.startswith("("):  # that is how sources say that there is none
                counts[label] = counts.get(label, 0) + 1
    labels = sorted(sorted(counts), key=lambda label: -counts[label])[:SHOWN_LABELS]
    return Helps(tuple(dict.fromkeys(known))[:12], tuple(sorted(labels)), manifest.like_value)


def _ask(bench: Workbench, state: RoutingState, slot: Slot, question: TriedQuestion, key: str | None) -> Heard:
    release = state.releases[slot]
    role = "live" if slot == state.live_slot else "on trial" if state.canary_weight else "standby"
    url = bench.settings.slot_urls(slot)[0]
    reply = ask_slot(url, "/recommend", question.body(), key, None if role == "on trial" else release)
    behind: dict[str, Mapping[str, Any]] = {}
    if reply.answer is not None and reply.answer["items"]:
        found, _ = explain(bench, slot, question.user_id, [item["item_id"] for item in reply.answer["items"]])
        behind = {each["item_id"]: each for each in (found or {}).get("items", ())}
    return Heard(slot, release, role, reply.answer, reply.fault, behind)


def _kind(row: Mapping[str, Any]) -> str:
    return f"rated {row['value']:g}" if row["type"] == "rating" and row["value"] is not None else str(row["type"])
