"""Answers a search: the items that a text and filters ask for, with all that is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.serving.bundle import Bundle
from components.serving.candidates import CandidateFinder, UserState
from components.serving.item_filters import BadFilter
from components.serving.limits import ShowLimits
from components.serving.requests import SearchRequest
from components.serving.shelf import ALL_ON, Shelf
from components.serving.text_reading import NO_READINGS, Readings
from components.wishes.wish import Wishes


@dataclass(frozen=True, slots=True)
class FoundItem:
    """One place of a search; `fields` holds what the source says of the item, by name."""

    item_id: str
    title: str
    category: str
    rank: int
    score: float
    explanation: str | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """The answer to a `SearchRequest`; all of it goes to the client.

    `fallback_reason` says why a model that was to read the query did not, `cost_usd` what that cost.
    """

    request_id: str
    items: list[FoundItem]
    understood: Sequence[Mapping[str, Any]]
    ignored: Sequence[str]
    release: str
    slot: str
    variant: str
    timings_ms: Mapping[str, float]
    fallback_reason: str | None = None
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class ItemsFound:
    """The items that fit, and what was made of the request."""

    items: list[FoundItem]
    understood: Sequence[Mapping[str, Any]]
    ignored: Sequence[str]


class ItemSearch:
    """Searches one bundle's catalogue; the same for every request."""

    def __init__(self, bundle: Bundle, finder: CandidateFinder, limits: ShowLimits) -> None:
        self._bundle = bundle
        self._finder = finder
        self._limits = limits

    def find(
        self, request: SearchRequest, asker: UserState, shelf: Shelf = ALL_ON, readings: Readings = NO_READINGS
    ) -> ItemsFound | BadFilter:
        """At most `k` items, best first; none where nothing of the query was understood and there is no filter.

        A filter is never given up.
        """
        words = self._finder.words
        if fault := words.filters.fault(request.filters):
            return fault
        filters = words.filters.wishes(request.limits)
        read = words.without_idle(words.of_text(request.query, "query", readings))
        wishes = Wishes((*read.wishes, *filters), read.ignored, read.trace)
        if not wishes.wishes and not request.limits:
            return ItemsFound([], [], read.ignored)
        may = self._limits.of_search(request, asker.trained, asker.news.seen, shelf)
        found = self._finder.asked(wishes, {}, request.k, asker, may)
        assert found.said is not None  # noqa: S101 there are wishes
        if set(found.said.loosened) & set(filters):
            return ItemsFound([], found.said.understood(), read.ignored)
        rows = found.ranking.items[: request.k].tolist()
        reasons = words.reasons(rows, found.said.kept, found.said.met)
        scores = found.ranking.scores[: request.k].tolist()
        items = [
            self.item(row, rank, score, reason)
            for rank, (row, score, reason) in enumerate(zip(rows, scores, reasons, strict=True), start=1)
        ]
        return ItemsFound(items, found.said.understood(), read.ignored)

    def item(self, row: int, rank: int, score: float, reason: str | None) -> FoundItem:
        """Item `row` with all that is known of it."""
        items = self._bundle.items
        fields: dict[str, Any] = {"tags": list(items.tags[row]), **items.attributes[row]}
        if items.descriptions[row]:
            fields["description"] = items.descriptions[row]
        if items.prices[row] is not None:
            fields["price"] = items.prices[row]
        return FoundItem(items.ids[row], items.titles[row], items.categories[row], rank, score, reason, fields)


def as_answer(
    found: ItemsFound, request_id: str, release: str, slot: str, variant: str, total_ms: float
) -> SearchAnswer:
    """What goes to the client."""
    timings = {"total": total_ms}
    return SearchAnswer(request_id, found.items, found.understood, found.ignored, release, slot, variant, timings)
