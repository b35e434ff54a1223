"""A user: what is known of them, what they got lately and what stands behind it, what they did, and forgetting them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.adapters.slots.kept_answers import NotForgotten
from components.adapters.store.traffic.latest import feedback_of, newest_users, requests_of
from components.serving.bundle import BundleError
from components.serving.bundle_parts import read_seen
from components.serving.catalogue import Catalogue
from jobs.console.try_out import explain
from jobs.errors import NothingThereError
from jobs.live_release import live_release
from jobs.store.forget import forget as forget_everywhere
from jobs.wiring.workbench import Workbench

LISTS, EVENTS, HISTORY = 8, 60, 200
NOBODY = Catalogue((), (), (), (), ())


@dataclass(frozen=True)
class ListGot:
    """What somebody got: each item with its title and whether they then did something about it; `at` since 1970."""

    request_id: str
    at: float
    route: str
    fallback_reason: str | None
    release_id: str
    slot: str
    asked: str
    milliseconds: float | None
    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Person:
    """A user as the stack knows them.

    Attributes:
        trained: items of their history in training (id, title, category), None for a stranger to it.
        lists: what they got, the latest first.
        did: their feedback, the latest first.
        behind: what stands behind the items of their latest list, as the live slot says it; or `fault`.
    """

    user_id: str
    trained: tuple[tuple[str, str, str], ...] | None
    n_trained: int
    lists: tuple[ListGot, ...]
    did: tuple[Mapping[str, Any], ...]
    behind: Mapping[str, Any] | None
    fault: str

    @property
    def is_known(self) -> bool:
        """Whether anything is known of them."""
        return bool(self.trained or self.lists or self.did)


def read_latest_users(bench: Workbench) -> list[str]:
    """Who asked last."""
    return newest_users(bench.store.engine, 24)


def read_person(bench: Workbench, user_id: str) -> Person:
    """What is known of the user now."""
    engine = bench.store.engine
    items, seen = _catalogue(bench, user_id)
    did = feedback_of(engine, user_id, EVENTS)
    told = {(row["request_id"], row["item_id"]): row["type"] for row in did if row["request_id"]}
    lists = tuple(_shown(row, items, told) for row in requests_of(engine, user_id, LISTS))
    behind, fault = None, ""
    state = bench.store.releases.routing()
    if lists and lists[0].items and state.live_slot is not None:
        behind, fault = explain(bench, state.live_slot, user_id, [item_id for item_id, _, _ in lists[0].items])
    trained = None if seen is None else tuple(_named(items, items.ids[row]) for row in reversed(seen[-HISTORY:]))
    return Person(
        user_id,
        trained,
        len(seen or ()),
        lists,
        tuple({**row, "title": _named(items, row["item_id"])[1]} for row in did),
        behind,
        fault,
    )


def forget(bench: Workbench, user_id: str, by: str, now: float) -> tuple[bool, str]:
    """Deletes what is stored about the user, as `recops forget` does; whether all of it is gone, and in words."""
    try:
        gone = forget_everywhere(bench, user_id, by, now)
    except NotForgotten as error:
        return False, f"deleted from the store, but {error}; try again, or wait an hour"
    bench.store.audit.note(now, by, "user forgotten", {"rows": sum(gone.values())})
    rows = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in gone.items() if count)
    return True, f"forgotten: {rows or 'nothing was stored'}. The live model forgets with the next retraining."


def _catalogue(bench: Workbench, user_id: str) -> tuple[Catalogue, tuple[int, ...] | None]:
    try:
        files = live_release(bench)
        return files.items, read_seen(files.folder / files.control.bundle, user_id)
    except (NothingThereError, BundleError):
        return NOBODY, None


def _shown(row: Mapping[str, Any], items: Catalogue, told: Mapping[tuple[str, str], str]) -> ListGot:
    situation = (row["context"].get("context") or {}) if row["context"] else {}
    said = [f"{name.replace('_', ' ')} {value}" for name, value in situation.items() if isinstance(value, str)]
    return ListGot(
        row["request_id"],
        row["received_at"],
        row["route"],
        row["fallback_reason"],
        row["release_id"],
        row["slot"],
        ", ".join(said),
        row["timings_ms"].get("total"),
        tuple(
            (item_id, _named(items, item_id)[1], told.get((row["request_id"], item_id), "")) for item_id in row["items"]
        ),
    )


def _named(items: Catalogue, item_id: str) -> tuple[str, str, str]:
    row = items.row_of.get(item_id)
    return (item_id, item_id, "") if row is None else (item_id, items.titles[row], items.categories[row])
