"""The items as the service shows them, by row number; also the reader and writer of items.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Catalogue:
    """One entry per item row in every field.

    Attributes:
        prices: None where the source gives none.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    categories: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]
    prices: tuple[float | None, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row number by external id."""
        return {item_id: row for row, item_id in enumerate(self.ids)}


def write_catalogue(path: Path, items: Catalogue) -> None:
    """Write items.json: a list with one object per item row."""
    rows = [
        {"item_id": item_id, "title": title, "category": category, "tags": list(tags), "price": price}
        for item_id, title, category, tags, price in zip(
            items.ids, items.titles, items.categories, items.tags, items.prices, strict=True
        )
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
    )
