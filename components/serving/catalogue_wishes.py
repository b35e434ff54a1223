"""Reads what a request says in words about one bundle's catalogue, and finds the items that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from components.interactions.attributes import Attributes
from components.recommenders.protocol import Scores
from components.recommenders.text.encoder import cosines
from components.retrieval.lexical import build_lexical_index
from components.retrieval.text_search import TextSearch
from components.serving.bundle import Bundle
from components.serving.domains import Domains
from components.serving.item_filters import ItemFilters
from components.serving.requests import RecommendRequest
from components.serving.text_reading import NO_READINGS, Readings
from components.wishes.facts import CatalogueFacts, item_facts
from components.wishes.fitting import Fitting, fit
from components.wishes.judging import judge
from components.wishes.lexicon import english
from components.wishes.reader import Reader, Source
from components.wishes.reasons import reason_for
from components.wishes.vocabulary import read_vocabulary
from components.wishes.wish import VAGUE, LabelWish, MeaningWish, Wish, Wishes

BOOSTS = {"title": 3.0, "labels": 1.5, "description": 1.0, "people": 1.0}
LAST = 10
"""Of what somebody met last, the items that stand for their taste."""


class CatalogueWishes:
    """One bundle's reader of texts and judge of items; the same for every request."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def read(self, request: RecommendRequest, readings: Readings = NO_READINGS) -> Wishes:
        """The wishes of the query and of the profile's text; what the query says wins."""
        query = (request.context.query or "") if request.context else ""
        profile = (request.profile.text or "") if request.profile else ""
        asked = self.of_text(query, "query", readings)
        return self.without_idle(_both(asked, self.of_text(profile, "profile", readings)) if profile.strip() else asked)

    def of_text(self, text: str, source: Source, readings: Readings = NO_READINGS) -> Wishes:
        """The wishes of a text: as a model read it, where one did, or else as the built-in reader does."""
        read = readings.get(text)
        return self.reader.read(text, source) if read is None else read

    def without_idle(self, said: Wishes) -> Wishes:
        """`said` without the meanings that no item has to do with; their words did nothing."""
        idle = [wish for wish in said.wishes if isinstance(wish, MeaningWish) and self.search.scores(wish.text) is None]
        if not idle:
            return said
        return replace(
            said,
            wishes=tuple(wish for wish in said.wishes if wish not in idle),
            ignored=(*said.ignored, *(wish.text for wish in idle)),
        )

    def fit(self, wishes: Sequence[Wish], met: Sequence[int], k: int, exclude: NDArray[np.integer]) -> Fitting:
        """The items that fit `wishes`; `met` are the rows that the asker met last, oldest first."""
        return fit(wishes, self.facts, self.resemblance(met), k, exclude)

    def resemblance(self, met: Sequence[int]) -> Resembling:
        """What items are like, for somebody who met the rows `met` last."""
        return Resembling(self.facts, self.search, self._tastes, tuple(met[-LAST:]))

    def reasons(self, rows: Sequence[int], wishes: Sequence[Wish], met: Sequence[int]) -> list[str | None]:
        """Per item row what it fulfils, in words; see `reason_for`."""
        resembling = self.resemblance(met)
        judged = [(wish, judge(wish, self.facts, resembling)) for wish in wishes]
        return [reason_for(row, judged, self.facts) for row in rows]

    @cached_property
    def facts(self) -> CatalogueFacts:
        """What is known of every item."""
        items = self._bundle.items
        labels = [
            (category, *tags) if category else tags for category, tags in zip(items.categories, items.tags, strict=True)
        ]
        liked = np.asarray(self._bundle.content.counts, np.float64)
        return item_facts(items.ids, items.titles, labels, items.attributes, liked, items.prices)

    @cached_property
    def filters(self) -> ItemFilters:
        """What items can be filtered by."""
        return ItemFilters(self.facts, self._bundle.items.categories)

    @cached_property
    def reader(self) -> Reader:
        """Reads texts about the catalogue."""
        return Reader(self.facts, read_vocabulary(), english())

    @cached_property
    def search(self) -> TextSearch:
        """Finds items by a text."""
        items = self._bundle.items
        fields = {
            "title": items.titles,
            "labels": [" ".join(tags) for tags in items.tags],
            "description": items.descriptions,
            "people": [_texts(known) for known in items.attributes],
        }
        content, liked = self._bundle.content, np.log1p(self._bundle.content.counts)
        shares = np.asarray(liked / max(float(liked.max(initial=0)), 1e-9), np.float32)
        return TextSearch(build_lexical_index(fields, BOOSTS), content.encoder, content.item_texts, shares)

    @cached_property
    def domains(self) -> Domains:
        """What the items are of."""
        vectors = self._bundle.content.item_texts

        def close(rows: NDArray[np.int64]) -> Scores:
            mean = np.asarray(vectors[rows].mean(axis=0)).reshape(1, -1)
            return cosines(vectors, csr_array(mean) if isinstance(vectors, csr_array) else mean)

        return Domains(self.facts, self._bundle.history, close)

    @cached_property
    def _tastes(self) -> csc_array:
        """Who met which item, each item's column scaled to length 1, (n_users, n_items)."""
        met = csc_array(self._bundle.history, dtype=np.float32)
        times = np.diff(met.indptr)
        met.data = np.repeat(1 / np.sqrt(np.maximum(times, 1)), times).astype(np.float32)
        return met


@dataclass(frozen=True)
class Resembling:
    """Items are alike by their labels, and the more so the more the same people met them; see `judging.Resemblance`."""

    facts: CatalogueFacts
    search: TextSearch
    tastes: csc_array
    met: tuple[int, ...]

    def to_items(self, rows: NDArray[np.int64]) -> Scores:
        """Mean over `rows`, (n_items,)."""
        labels = self.facts.label_rows
        by_label = np.asarray(labels @ np.asarray(labels[rows].mean(axis=0)).ravel(), np.float32)
        who = np.asarray(self.tastes[:, rows].mean(axis=1), np.float32).ravel()
        by_taste = np.asarray(who @ self.tastes, np.float32).ravel()
        by_taste[rows] = 0  # an item is not like itself, and its own figure would dwarf the others
        by_taste /= max(float(by_taste.max(initial=0)), 1e-9)
        known = bool(by_label.any())
        return np.asarray(by_label * (1 + by_taste) / 2 if known else by_taste, np.float32)

    def to_asker(self) -> Scores | None:
        """As `to_items`, for what the asker met last; None for somebody who met nothing."""
        return self.to_items(np.array(self.met, np.int64)) if self.met else None

    def to_text(self, text: str) -> Scores | None:
        """See TextSearch.scores."""
        return self.search.scores(text)


def _texts(known: Attributes) -> str:
    texts = [(value,) if isinstance(value, str) else value for value in known.values() if not isinstance(value, float)]
    return " ".join(" ".join(parts) for parts in texts)


def _both(asked: Wishes, profile: Wishes) -> Wishes:
    """A profile's labels only lean where a query names labels itself, and give way where it contradicts them."""
    named = {label for wish in asked.wishes if isinstance(wish, LabelWish) and wish.wanted for label in wish.labels}
    kept: list[Wish] = []
    for wish in profile.wishes:
        if isinstance(wish, LabelWish):
            if wish.wanted and named:
                continue
            if not wish.wanted and named & set(wish.labels):
                continue
        kept.append(replace(wish, importance=min(wish.importance, VAGUE)) if asked.wishes else wish)
    return Wishes((*asked.wishes, *kept), (*asked.ignored, *profile.ignored), (*asked.trace, *profile.trace))
