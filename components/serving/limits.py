"""Which items the answer to a request may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from components.recommenders.protocol import Rows
from components.serving.catalogue import Catalogue
from components.serving.item_filters import ItemFilters
from components.serving.page_cursor import MarkedItems, read_cursor
from components.serving.requests import Filter, RecommendRequest, SearchRequest
from components.serving.shelf import ALL_ON, Shelf

NOTHING = np.empty(0, np.int32)


def _none() -> Rows:
    return NOTHING


@dataclass(frozen=True, slots=True)
class MayShow:
    """What an answer may not hold.

    Attributes:
        exclude: item rows, among them those that are off.
        off: the rows that are off.
        again: what the asker has met may come again.
        plain: nothing else is excluded than what training knows of the asker, and what is off.
        shown: rows that earlier pages of this list hold; they are taken out of what was ranked with them.
    """

    exclude: Rows
    off: Rows = field(default_factory=_none)
    again: bool = False
    plain: bool = False
    shown: Rows = field(default_factory=_none)


class ShowLimits:
    """What requests may ask of one catalogue.

    Args:
        filters: asked where a request has some, as making them costs a look at every item.
    """

    def __init__(self, items: Catalogue, filters: Callable[[], ItemFilters]) -> None:
        self._items = items
        self._filters = filters

    def of(self, request: RecommendRequest, trained: Rows, lately: Rows, shelf: Shelf = ALL_ON) -> MayShow:
        """For somebody who may not see the rows `trained` and `lately` again; the filters of `request` have no fault.

        Ids that the catalogue does not have say nothing. With `include` nothing else is shown.
        """
        known = () if request.allow_seen else (trained, lately)
        outside = self._outside(request.limits, request.include)
        exclude = _joined(*known, self._rows(request.exclude), shelf.off, outside)
        plain = not request.allow_seen and len(exclude) == len(trained) + len(shelf.off)
        shown = self._marked.rows(read_cursor(request.cursor)) if request.cursor else NOTHING
        return MayShow(exclude, shelf.off, request.allow_seen, plain, shown)

    def of_search(self, request: SearchRequest, trained: Rows, lately: Rows, shelf: Shelf = ALL_ON) -> MayShow:
        """As `of`, for a search."""
        known = () if request.allow_seen else (trained, lately)
        outside = self._outside(request.limits, None)
        return MayShow(_joined(*known, self._rows(request.exclude), shelf.off, outside), shelf.off)

    def _outside(self, filters: Mapping[str, Filter], include: Sequence[str] | None) -> Rows:
        if not filters and include is None:
            return NOTHING
        fits = self._filters().fitting(filters)
        if include is not None:
            named = np.zeros(len(fits), np.bool_)
            named[self._rows(include)] = True
            fits &= named
        return np.flatnonzero(~fits).astype(np.int32)

    def _rows(self, item_ids: Sequence[str]) -> Rows:
        if not item_ids:
            return NOTHING
        row_of = self._items.row_of
        return np.array([row_of[item_id] for item_id in item_ids if item_id in row_of], np.int32)

    @cached_property
    def _marked(self) -> MarkedItems:
        return MarkedItems(self._items.ids)


def _joined(*parts: Rows) -> Rows:
    some = [rows for rows in parts if len(rows)]
    return np.concatenate(some) if len(some) > 1 else some[0] if some else NOTHING
