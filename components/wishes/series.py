"""Finds series by name in a text: what titles share ("the Rocky films"), or a name that no title of it bears."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from components.wishes.names import LONGEST, Titles, without_article
from components.wishes.vocabulary import Phrase

PARTS = frozenset(
    ["films", "film", "movies", "movie", "series", "franchise", "saga", "sagas", "trilogy", "books", "games"]
)
"""What stands behind the name of a series."""


@dataclass(frozen=True)
class SeriesOfTitles:
    """Series of one catalogue; `known`: titles by the name of a series that they do not bear."""

    titles: Titles
    known: Mapping[Phrase, tuple[Phrase, ...]]

    def named(self, words: Sequence[str], at: int) -> tuple[int, list[int], Phrase] | None:
        """Where a name that no title bears ends, its rows, the better liked first, and the name; None for none."""
        for length in range(min(LONGEST, len(words) - at), 0, -1):
            name = without_article(tuple(words[at : at + length]))
            rows = self._by_known.get(name)
            if rows:
                end = at + length
                return end + (end < len(words) and words[end] in PARTS), rows, name
        return None

    def shared(self, words: Sequence[str], at: int) -> list[tuple[int, list[int], Phrase]]:
        """The names from `at` that several titles begin with and "films" or the like follows, the longest first."""
        found = []
        for end in range(min(at + LONGEST, len(words) - 1), at, -1):
            if words[end] not in PARTS:
                continue
            name = without_article(tuple(words[at:end]))
            exact = self.titles.by_name.get(name, [])
            rows = list(dict.fromkeys([*exact, *self.titles.by_beginning.get(name, ())]))
            if len(rows) > 1:
                found.append((end + 1, rows, name))
        return found

    @cached_property
    def _by_known(self) -> dict[Phrase, list[int]]:
        liked = self.titles.facts.popularity
        found = {}
        for name, titles in self.known.items():
            rows = {row for title in titles for row in self.titles.by_name.get(title, ())}
            if rows:
                found[name] = sorted(rows, key=lambda row: (-liked[row], row))
        return found
