"""What is known of every item, in the form in which wishes are judged: labels, numbers, and values of attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from components.wishes.tokens import fold

POPULARITY = "popularity"
YEAR = "year"
PRICE = "price"
DOMAIN = "domain"
"""The attribute that says whether an item is a film, a book or a game; nobody's name."""
_YEAR_LAST = re.compile(r"\((\d{4})\)\s*$")
_NO_LABEL = re.compile(r"^\W*(?:no |none\b|unknown\b|n/a\b|\W*$)", re.IGNORECASE)
"""Such as "(no genres listed)": a label that says that there is none."""

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ValueTable:
    """The values of one attribute: `names` in the catalogue's spelling, `holds` which item has which, one a column."""

    names: tuple[str, ...]
    holds: csc_array

    @cached_property
    def column_of(self) -> dict[str, int]:
        """Column by folded name."""
        return {fold(name): column for column, name in enumerate(self.names)}

    @cached_property
    def known(self) -> Mask:
        """The items of which anything is known, (n_items,)."""
        return np.asarray(self.holds.sum(axis=1)).ravel() > 0

    def of(self, row: int) -> list[str]:
        """The names that item `row` has."""
        columns = self._by_row.indices[self._by_row.indptr[row] : self._by_row.indptr[row + 1]]
        return [self.names[column] for column in columns]

    @cached_property
    def _by_row(self) -> csr_array:
        return self.holds.tocsr()

    def having(self, names: Sequence[str]) -> Mask:
        """The items that have one of `names`, (n_items,); unknown names are nobody's."""
        found = np.zeros(self.holds.shape[0], bool)
        for name in names:
            column = self.column_of.get(fold(name))
            if column is not None:
                found[self.holds.indices[self.holds.indptr[column] : self.holds.indptr[column + 1]]] = True
        return found


@dataclass(frozen=True)
class CatalogueFacts:
    """One entry per item row everywhere.

    Attributes:
        labels: categories and tags.
        values: the attributes that are texts or lists, by name.
        numbers: the attributes that are numbers, with `POPULARITY`, NaN where unknown.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    labels: ValueTable
    values: Mapping[str, ValueTable]
    numbers: Mapping[str, Numbers]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def popularity(self) -> Numbers:
        """Likes per item, (n_items,)."""
        return self.numbers[POPULARITY]

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row number by external id."""
        return {item_id: row for row, item_id in enumerate(self.ids)}

    @cached_property
    def label_rows(self) -> csr_array:
        """Which item has which label, scaled so that a row has length 1, (n_items, n_labels)."""
        rows: csr_array = self.labels.holds.tocsr().astype(np.float32)
        n_labels = np.diff(rows.indptr)
        rows.data = np.repeat(1 / np.sqrt(np.maximum(n_labels, 1)), n_labels).astype(np.float32)
        return rows

    def rows(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """The rows of the `ids` that are known."""
        return np.array([self.row_of[each] for each in ids if each in self.row_of], np.int64)

    def quantile(self, attribute: str, share: float) -> float:
        """The value of `attribute` that `share` of the items of which it is known lie below."""
        known = self.numbers[attribute][~np.isnan(self.numbers[attribute])]
        return float(np.quantile(known, share)) if len(known) else float("nan")


def item_facts(
    ids: Sequence[str],
    titles: Sequence[str],
    labels: Sequence[Sequence[str]],
    attributes: Sequence[Mapping[str, float | str | tuple[str, ...]]],
    popularity: Numbers,
    prices: Sequence[float | None] = (),
) -> CatalogueFacts:
    """The facts of a catalogue, one entry per item in every argument.

    A year stands for itself or is read off a title that ends with one, as in Heat (1995).
    """
    n_items = len(ids)
    numbers: dict[str, Numbers] = {POPULARITY: np.asarray(popularity, np.float64)}
    lists: dict[str, list[tuple[str, ...]]] = {}
    for row, known in enumerate(attributes):
        for name, value in known.items():
            if isinstance(value, float | int):
                numbers.setdefault(name, np.full(n_items, np.nan))[row] = value
            else:
                texts = (value,) if isinstance(value, str) else value
                lists.setdefault(name, [()] * n_items)[row] = texts
    if any(price is not None for price in prices):
        numbers[PRICE] = np.array([np.nan if price is None else price for price in prices])
    years = [float(found[1]) if (found := _YEAR_LAST.search(title)) else np.nan for title in titles]
    if YEAR not in numbers and not np.isnan(years).all():
        numbers[YEAR] = np.array(years)
    named = [tuple(dict.fromkeys(label for label in row if not _NO_LABEL.match(label))) for row in labels]
    return CatalogueFacts(
        tuple(ids),
        tuple(titles),
        value_table(named),
        {name: value_table(rows) for name, rows in lists.items()},
        numbers,
    )


def value_table(rows: Sequence[Sequence[str]]) -> ValueTable:
    """Values that differ in case or accents alone share a column, under the spelling that comes first."""
    column_of: dict[str, int] = {}
    names: list[str] = []
    columns: list[int] = []
    offsets = [0]
    for row in rows:
        mine: dict[int, None] = {}
        for name in row:
            key = fold(name)
            if key not in column_of:
                column_of[key] = len(names)
                names.append(name)
            mine[column_of[key]] = None
        columns += sorted(mine)
        offsets.append(len(columns))
    shape = (len(rows), len(names))
    return ValueTable(
        tuple(names), csc_array(csr_array((np.ones(len(columns), np.int8), columns, offsets), shape=shape))
    )
