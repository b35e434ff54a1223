"""The items as the service shows them, by row number; also the reader and writer of items.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from components.interactions.attributes import Attributes, typed_attributes


@dataclass(frozen=True)
class Catalogue:
    """One entry per item row in every field.

    Attributes:
        prices: None where the source gives none.
        descriptions: "" where the source gives none.
        attributes: whatever else the source says, by name.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    categories: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]
    prices: tuple[float | None, ...]
    descriptions: tuple[str, ...] = ()
    attributes: tuple[Attributes, ...] = ()

    def __post_init__(self) -> None:
        """Nothing more is known of the items where nothing is given."""
        object.__setattr__(self, "descriptions", self.descriptions or ("",) * len(self.ids))
        object.__setattr__(self, "attributes", self.attributes or ({},) * len(self.ids))

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row number by external id."""
        return {item_id: row for row, item_id in enumerate(self.ids)}


def write_catalogue(path: Path, items: Catalogue) -> None:
    """Write items.json: a list with one object per item row."""
    rows = [
        {
            "item_id": items.ids[row],
            "title": items.titles[row],
            "category": items.categories[row],
            "tags": list(items.tags[row]),
            "price": items.prices[row],
            "description": items.descriptions[row],
            "attributes": dict(items.attributes[row]),
        }
        for row in range(len(items))
    ]
    path.write_text(json.dumps(rows, ensure_ascii=False, separators=(",", ":")) + "\n")


def read_catalogue(path: Path) -> Catalogue:
    """Read what `write_catalogue` wrote."""
    rows = json.loads(path.read_text())
    return Catalogue(
        ids=tuple(row["item_id"] for row in rows),
        titles=tuple(row["title"] for row in rows),
        categories=tuple(row["category"] for row in rows),
        tags=tuple(tuple(row["tags"]) for row in rows),
        prices=tuple(row["price"] for row in rows),
        descriptions=tuple(row.get("description", "") for row in rows),
        attributes=tuple(typed_attributes(row.get("attributes", {})) for row in rows),
    )
