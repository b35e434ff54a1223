"""An item: what the catalogue says of it, what is like it, how many know it, and where it was shown lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.adapters.slots.questions import ask_as_stack
from components.adapters.store.traffic.latest import shown_lately
from components.serving.bundle import BundleError
from components.serving.bundle_parts import count_knowing
from jobs.console.kept import Kept
from jobs.errors import NothingThereError
from jobs.live_release import live_release
from jobs.wiring.workbench import Workbench

LISTS, NEIGHBOURS, FOUND = 2_000, 12, 40


@dataclass(frozen=True)
class ItemPage:
    """One item.

    Attributes:
        facts: everything that the source says of it, by name.
        knowing: users who met it in training.
        neighbours: what is most like it, as the live slot says it; `fault` where it does not.
        shown, of_lists: in how many of the newest lists it stood.
        mean_place: over these, None for none.
        sources: which recommenders brought it there, by name.
        latest: who got it last, and where it stood.
    """

    item_id: str
    title: str
    category: str
    facts: Mapping[str, str]
    knowing: int
    neighbours: tuple[Mapping[str, Any], ...]
    fault: str
    shown: int
    of_lists: int
    mean_place: float | None
    sources: Mapping[str, int]
    latest: tuple[Mapping[str, Any], ...]


def find_items(bench: Workbench, text: str) -> list[tuple[str, str, str]]:
    """Items (id, title, category) of this id or with `text` in their title; the first of the catalogue without."""
    try:
        items = live_release(bench).items
    except NothingThereError:
        return []
    wanted = text.casefold()
    rows = [
        row
        for row in range(len(items))
        if wanted in items.titles[row].casefold() or wanted == items.ids[row].casefold()
    ]
    rows.sort(
        key=lambda row: (items.ids[row].casefold() != wanted, not items.titles[row].casefold().startswith(wanted))
    )
    return [(items.ids[row], items.titles[row], items.categories[row]) for row in rows[:FOUND]]


def read_item(bench: Workbench, kept: Kept, item_id: str) -> ItemPage | None:
    """The item; None where the live release does not know it.

    Raises:
        NothingThereError: nothing is live.
    """
    files = live_release(bench)
    items = files.items
    row = items.row_of.get(item_id)
    if row is None:
        return None
    facts = {
        "tags": ", ".join(items.tags[row]),
        "price": "" if items.prices[row] is None else f"{items.prices[row]:g}",
        "description": items.descriptions[row],
        **{name: _words(value) for name, value in items.attributes[row].items()},
    }
    folder = files.folder / files.control.bundle
    there, places = shown_lately(bench.store.engine, item_id, LISTS)
    sources: dict[str, int] = {}
    for place in places:
        sources[place["source"]] = sources.get(place["source"], 0) + 1
    live = bench.store.releases.routing().live_slot
    reply = None
    if live is not None:
        reply = ask_as_stack(bench.settings.slot_urls(live)[0], "/similar", {"item_id": item_id, "k": NEIGHBOURS})
    return ItemPage(
        item_id=item_id,
        title=items.titles[row],
        category=items.categories[row],
        facts={name: value for name, value in facts.items() if value},
        knowing=kept.get(f"knowing {files.release_id} {item_id}", 3600.0, lambda: _knowing(folder, row)),
        neighbours=tuple(reply.answer["items"]) if reply is not None and reply.answer else (),
        fault=(reply.fault or "") if reply is not None else "",
        shown=len(places),
        of_lists=there,
        mean_place=sum(place["position"] for place in places) / len(places) if places else None,
        sources=sources,
        latest=tuple(places[:10]),
    )


def _knowing(folder: Path, row: int) -> int:
    try:
        return count_knowing(folder, row)
    except BundleError:
        return 0


def _words(value: object) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
