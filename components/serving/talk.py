"""One asker's catalogue in a conversation: reads their words, finds what fits, says why (`AskersCatalogue`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from components.conversation.dialogue import FoundForWishes
from components.reranking.task import ItemText
from components.serving.answer import AnsweredItem
from components.serving.asked import Said
from components.serving.candidates import CandidateFinder, UserState
from components.serving.catalogue import Catalogue
from components.serving.item_search import FoundItem, ItemSearch
from components.serving.limits import MayShow
from components.serving.rerank_task import candidate_text
from components.serving.shelf import ALL_ON, Shelf
from components.serving.text_reading import NO_READINGS, Readings
from components.wishes.facts import CatalogueFacts
from components.wishes.vocabulary import Comparative, Phrase, read_vocabulary
from components.wishes.wish import Wish, Wishes

Recommend = Callable[[int, Sequence[str]], list[AnsweredItem]]
"""At most so many items of the asker's own list, without those of the ids."""
Explain = Callable[[Said, np.ndarray], list[str]]
"""Why the asker sees each row, by the wishes and by their own history."""


class Talk:
    """The same for all messages of one request; what is off at `shelf` is neither found nor shown again."""

    def __init__(
        self,
        items: Catalogue,
        finder: CandidateFinder,
        search: ItemSearch,
        asker: UserState,
        recommend: Recommend,
        explain: Explain,
        shelf: Shelf = ALL_ON,
        readings: Readings = NO_READINGS,
    ) -> None:
        self._readings = readings
        self._items = items
        self._finder = finder
        self._search = search
        self._asker = asker
        self._recommend = recommend
        self._explain = explain
        self._shelf = shelf
        self._off = frozenset(shelf.off.tolist())

    @property
    def facts(self) -> CatalogueFacts:
        """What is known of every item."""
        return self._finder.words.facts

    @property
    def comparatives(self) -> Mapping[Phrase, Comparative]:
        """Phrases such as "shorter"."""
        return read_vocabulary().comparatives

    @property
    def met(self) -> set[int]:
        """The rows that the asker knows."""
        return {*self._asker.trained.tolist(), *self._asker.news.seen.tolist()}

    def read(self, text: str) -> Wishes:
        """The wishes of `text`, without meanings that no item has to do with."""
        words = self._finder.words
        return words.without_idle(words.of_text(text, "query", self._readings))

    def find(self, wishes: Sequence[Wish], k: int, exclude: Sequence[str]) -> FoundForWishes[FoundItem]:
        """At most `k` items that fit and that the asker does not know, without those of `exclude`."""
        if not wishes:
            own = self._recommend(k, exclude)
            rows = [self._items.row_of[each.item_id] for each in own]
            reasons: Sequence[str | None] = [each.explanation for each in own]
            return self._found(rows, [each.score for each in own], reasons, ())
        named = [self._items.row_of[each] for each in exclude if each in self._items.row_of]
        out = [self._asker.trained, self._asker.news.seen, np.array(named, np.int32), self._shelf.off]
        may = MayShow(np.concatenate(out).astype(np.int32), self._shelf.off)
        found = self._finder.asked(Wishes(tuple(wishes)), {}, k, self._asker, may)
        assert found.said is not None  # noqa: S101 there are wishes
        rows, scores = found.ranking.items[:k].tolist(), found.ranking.scores[:k].tolist()
        return self._found(rows, scores, self._explain(found.said, found.ranking.items[:k]), found.said.loosened)

    def why(self, item_id: str, wishes: Sequence[Wish]) -> str:
        """What the item fulfils, and what of the asker's history speaks for it."""
        row = self._items.row_of[item_id]
        said = Said(Wishes(tuple(wishes)), tuple(wishes), (), self._finder.met(self._asker))
        return self._explain(said, np.array([row], np.int32))[0]

    def still_on(self, ids: Sequence[str]) -> list[str]:
        """Those of `ids` that there are and that are not off, in their order."""
        row_of = self._items.row_of
        return [each for each in ids if each in row_of and row_of[each] not in self._off]

    def shown(self, ids: Sequence[str], wishes: Sequence[Wish]) -> list[FoundItem]:
        """The items of `ids` again, in their order."""
        left = self.still_on(ids)
        rows = [self._items.row_of[each] for each in left]
        return list(self._found(rows, [0.0] * len(rows), [self.why(each, wishes) for each in left], ()).items)

    def text_of(self, item_id: str, why: str) -> ItemText:
        """A known item as a model reads it."""
        return candidate_text(self._items, self._items.row_of[item_id], why)

    def _found(
        self, rows: Sequence[int], scores: Sequence[float], reasons: Sequence[str | None], loosened: tuple[Wish, ...]
    ) -> FoundForWishes[FoundItem]:
        items = [
            self._search.item(row, rank, score, reason)
            for rank, (row, score, reason) in enumerate(zip(rows, scores, reasons, strict=True), start=1)
        ]
        return FoundForWishes(items, tuple(item.item_id for item in items), loosened)
