"""Finds items and people by their names in a text: whole, in part, by last name, or with a spelling mistake.

Past 250 lines, as a part of a name and a mistake in it are told from whole names by the same tables.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from components.wishes.facts import CatalogueFacts
from components.wishes.tokens import fold, words_of
from components.wishes.vocabulary import Phrase

LONGEST = 9
"""Words of a name that are compared at once."""
MADE_BY = frozenset(["director", "author", "artist", "creator", "brand"])
MAKERS = 2
"""A last name alone means whoever made a thing more often than who took part in it."""
CLEARLY_FIRST = 0.5
"""Of people who share a name those are meant who have at least this share of the likes of the best liked one."""
_NO_PEOPLE = frozenset(["country", "language", "domain"])
_MANY = 5
_FAR_BEHIND = 4
"""Somebody with this many times the likes is meant before a maker."""
PARTICLES = frozenset(["de", "del", "di", "da", "van", "von", "der", "le", "la", "du", "mc", "mac", "o", "st", "el"])
"""What stands before a last name and belongs to it."""
_TELLING = 9
"""Letters of a name that is looked for whatever its blanks."""
_YEAR = re.compile(r"\s*\(\d{4}\)\s*$")
_BRACKETS = re.compile(r"\((?:a\.?k\.?a\.?:? )?([^)]*)\)")
_ARTICLE_LAST = re.compile(r"^(?P<rest>.*), (?P<article>the|a|an|le|la|les|l'|il|el|los|las|das|der|die|i|o|os)$")
_ARTICLES = frozenset(["the", "a", "an", "le", "la", "les", "l", "il", "el", "los", "las", "das", "der", "die"])
_AMBIGUOUS = frozenset(["die", "l", "la", "le", "il"])
"""Articles that are a word of its own in a title such as Die Hard."""
_NUMERAL = re.compile(r"^(?:\d+|i{1,3}|iv|v|vi{0,3}|part|episode|chapter|vol|volume)$")


@dataclass(frozen=True)
class Titles:
    """The items' titles, by every name that each goes by; `known`: series by a name that their titles do not bear."""

    facts: CatalogueFacts
    known: Mapping[Phrase, tuple[Phrase, ...]] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> dict[Phrase, list[int]]:
        """Rows by whole name without its article, the better liked first."""
        return self._index(lambda row: self._names[row])

    @cached_property
    def by_beginning(self) -> dict[Phrase, list[int]]:
        """Rows by every beginning of a name, from one word on."""
        return self._index(
            lambda row: (name[:end] for name in self._names[row] for end in range(1, min(len(name), LONGEST)))
        )

    @cached_property
    def by_word(self) -> dict[str, list[int]]:
        """Rows by word of a name."""
        return self._index(lambda row: {word for name in self._names[row] for word in name})

    @cached_property
    def _names(self) -> list[list[Phrase]]:
        return [names_of_title(title) for title in self.facts.titles]

    @cached_property
    def _spelled(self) -> list[str]:
        return [" ".join(name) for name in self.by_name]

    def containing(self, name: Phrase) -> list[int]:
        """Rows of the items with a name in which the words of `name` follow each other."""
        rows = set(self.by_word.get(name[0], ())).intersection(*(self.by_word.get(word, ()) for word in name))
        return [
            row
            for row in sorted(rows, key=lambda row: (-self.facts.popularity[row], row))
            if any(name == whole[at : at + len(name)] for whole in self._names[row] for at in range(len(whole)))
        ]

    def nearest(self, words: Phrase, unlike: float = 0.2) -> Phrase | None:
        """The name that differs from `words` in at most the share `unlike` of its letters."""
        text = " ".join(words)
        most = max(1, int(len(text) * unlike)) if len(text) > 4 else 0
        found = process.extract(text, self._spelled, scorer=OSA.distance, score_cutoff=most, limit=5)
        if not found:
            return None
        best = min(found, key=lambda hit: (hit[1], -self.facts.popularity[self.by_name[tuple(hit[0].split())][0]]))
        return tuple(best[0].split())

    def nearest_word(self, word: str) -> str | None:
        """The word of the best liked title that `word` misspells by a letter; itself where titles have it."""
        if len(word) < 4 or word in self.by_word:
            return word if word in self.by_word else None
        found = process.extract(word, self._words, scorer=OSA.distance, score_cutoff=1, limit=5)
        alike = [hit[0] for hit in found if hit[0][0] == word[0]]
        return max(alike, key=lambda hit: self.facts.popularity[self.by_word[hit][0]], default=None)

    @cached_property
    def _words(self) -> list[str]:
        return list(self.by_word)

    def kin(self, name: Phrase) -> list[int]:
        """Rows of the items called `name`, and of those whose name goes on behind it or is its plural and that share

        people with one of them: Heat and Dust is none of Heat, Aliens is one of Alien. The better liked first.
        """
        exact = self.by_name.get(name, [])
        more = [*self.by_beginning.get(name, ()), *self.by_name.get((*name[:-1], f"{name[-1]}s"), ())]
        rows = [row for row in dict.fromkeys(more) if row not in exact and self._numbered(row, name)]
        people = self._people_of(exact or more[:1])
        rows += [row for row in more if row not in rows and row not in exact and people & self._people_of([row])]
        return sorted({*exact, *rows}, key=lambda row: (-self.facts.popularity[row], row))

    def _numbered(self, row: int, name: Phrase) -> bool:
        return any(_stem(each) == name != each for each in self._names[row])

    def _people_of(self, rows: Sequence[int]) -> set[str]:
        tables = [table for name, table in self.facts.values.items() if name not in _NO_PEOPLE]
        return {person for table in tables for row in rows for person in table.of(row)}

    def series_of(self, row: int) -> list[int]:
        """Rows of the items that share the distinctive beginning of the name of `row`, with itself."""
        found: dict[int, None] = {row: None}
        names = self._names[row]
        tails = {name[1:] for name in names if name[0] in _AMBIGUOUS}
        for name in names:
            stem = () if name in tails else _stem(name)
            for titles in self.known.values():
                if name in titles:
                    found |= dict.fromkeys(row for title in titles for row in self.by_name.get(title, ()))
            if stem:
                found |= dict.fromkeys(self.by_name.get((*stem[:-1], f"{stem[-1]}s"), ()))  # Alien, Aliens
                found |= dict.fromkeys([*self.by_name.get(stem, ()), *self.by_beginning.get(stem, ())])
        return list(found)

    def _index(self, keys_of: object) -> dict:  # type: ignore[type-arg]
        found: dict[object, list[int]] = defaultdict(list)
        order = np.argsort(-self.facts.popularity, kind="stable")
        for row in order.tolist():
            for key in dict.fromkeys(keys_of(row)):  # type: ignore[operator]
                found[key].append(row)
        return dict(found)


@dataclass(frozen=True)
class NamedValue:
    """A value of attributes that a text named: `attributes` are those in which it occurs."""

    names: tuple[str, ...]
    attributes: tuple[str, ...]


class People:
    """The values of all text and list attributes but `without`, by their names."""

    def __init__(self, facts: CatalogueFacts, without: Iterable[str]) -> None:
        self._facts = facts
        attributes: dict[str, dict[str, None]] = {}
        likes: dict[str, float] = defaultdict(float)
        for attribute, table in facts.values.items():
            if attribute in set(without):
                continue
            totals = np.asarray(facts.popularity @ table.holds).ravel()
            for name, total in zip(table.names, totals.tolist(), strict=True):
                attributes.setdefault(name, {})[attribute] = None
                likes[name] = max(likes[name], total * (MAKERS if attribute in MADE_BY else 1))
        self._attributes = {name: tuple(found) for name, found in attributes.items()}
        self._likes = likes
        self._whole: dict[Phrase, list[str]] = defaultdict(list)
        self._last: dict[str, list[str]] = defaultdict(list)
        self._first: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self._attributes, key=lambda each: (-likes[each], each)):
            words = words_of(name)
            if not words:
                continue
            self._whole[words].append(name)
            if 1 < len(words) <= 4:
                self._last[words[-1]].append(name)
                if len(words) > 2 and words[-2] in PARTICLES:
                    self._last[" ".join(words[-2:])].append(name)
                self._first[words[0]].append(name)

    def __len__(self) -> int:
        return len(self._attributes)

    def whole(self, words: Phrase) -> NamedValue | None:
        """Who is called exactly so."""
        found = self._whole.get(words)
        if found is None and len(words) > 1 and len("".join(words)) >= _TELLING:
            found = self._squashed.get("".join(words))
        return self._person(found) if found else None

    def both(self, one: NamedValue, other: NamedValue | None) -> NamedValue:
        """Whoever is meant by either."""
        return self._person(tuple(dict.fromkeys([*one.names, *(other.names if other else ())])))

    def by_last_name(self, word: str) -> NamedValue | None:
        """Whoever of that last name is liked most, and those who come near."""
        found = self._last.get(word)
        return self._person(self._leading(found)) if found else None

    def makers(self, word: str) -> NamedValue | None:
        """Who of that last name made many things: a Bergman is by Ingmar, though Ingrid was in more that are liked."""
        found = self._last.get(word, [])
        made = [
            name
            for name in found
            if self._likes[name] * _FAR_BEHIND >= self._likes[found[0]]
            and any(
                self._count(name, attribute) >= _MANY for attribute in self._attributes[name] if attribute in MADE_BY
            )
        ]
        return self._person(self._leading(made)) if made else None

    def _count(self, name: str, attribute: str) -> int:
        return int(self._facts.values[attribute].having([name]).sum())

    def siblings(self, word: str) -> NamedValue | None:
        """Whoever of that last name made or took part in one thing with another of it: the Marx brothers."""
        found = self._last.get(word, [])
        rows = {name: set(self._rows(self._person([name]))) for name in found}
        together = [name for name in found if any(rows[name] & rows[other] for other in found if other != name)]
        return self._person(together) if together else self.by_last_name(word)

    def best_of(self, person: NamedValue, most: int = 3) -> tuple[int, ...]:
        """Rows of the best liked items that somebody made or took part in."""
        liked = self._facts.popularity
        return tuple(sorted(self._rows(person), key=lambda row: (-liked[row], row))[:most])

    def _rows(self, person: NamedValue) -> list[int]:
        tables = [self._facts.values[name] for name in person.attributes]
        return np.flatnonzero(np.any([table.having(person.names) for table in tables], axis=0)).tolist()

    def by_first_name(self, word: str) -> NamedValue | None:
        """Who is meant by a first name, if one is liked far more than all others."""
        found = self._first.get(word, [])
        leading = self._leading(found)
        return self._person(leading) if len(leading) == 1 and self._likes[leading[0]] > 0 else None

    def is_first_name(self, word: str) -> bool:
        """Whether anybody is called so by first name."""
        return word in self._first

    def likes(self, person: NamedValue) -> float:
        """How well liked what they made or took part in is."""
        return max(self._likes[name] for name in person.names)

    def nearest(self, words: Phrase) -> NamedValue | None:
        """Who is called almost so: one letter in five may differ; two words at least."""
        text = " ".join(words)
        if len(words) < 2 or len(text) < 7:
            return None
        first = {words[0][0], words[-1][0]}
        names = self._by_initial
        found = [
            hit
            for initial in first
            for hit in process.extract(
                text, names.get(initial, []), scorer=OSA.distance, score_cutoff=max(1, len(text) // 5), limit=3
            )
        ]
        if not found:
            return None
        best = min(found, key=lambda hit: (hit[1], -self._likes[self._whole[tuple(hit[0].split())][0]]))
        return self.whole(tuple(best[0].split()))

    def nearest_last_name(self, word: str) -> NamedValue | None:
        """Whose last name is almost so."""
        if len(word) < 6:
            return None
        found = process.extract(word, self._last_names, scorer=OSA.distance, score_cutoff=len(word) // 6, limit=5)
        if not found:
            return None
        best = min(found, key=lambda hit: (hit[1], -self._likes[self._last[hit[0]][0]]))
        return self.by_last_name(best[0])

    @cached_property
    def _squashed(self) -> dict[str, list[str]]:
        """Names by their letters alone: "di Caprio" is DiCaprio."""
        found: dict[str, list[str]] = defaultdict(list)
        for words, names in self._whole.items():
            found["".join(words)] += names
        return dict(found)

    @cached_property
    def _last_names(self) -> list[str]:
        return list(self._last)

    @cached_property
    def _by_initial(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for words in self._whole:
            if len(words) > 1:
                found[words[0][0]].append(" ".join(words))
        return dict(found)

    def _leading(self, names: Sequence[str]) -> list[str]:
        if not names:
            return []
        best = self._likes[names[0]]
        return [name for name in names[:4] if self._likes[name] >= CLEARLY_FIRST * best]

    def _person(self, names: Sequence[str]) -> NamedValue:
        attributes = dict.fromkeys(each for name in names for each in self._attributes[name])
        return NamedValue(tuple(names), tuple(attributes))


def names_of_title(title: str) -> list[Phrase]:
    """The folded words of each name that a title holds, without its year and without an article at either end.

    "Matrix, The (1999)" is called matrix; what stands in brackets, and what stands before a colon, are names too.
    """
    bare = _YEAR.sub("", title)
    aliases = [bare.partition("(")[0], *(each for each in _BRACKETS.findall(bare))]
    found: dict[Phrase, None] = {}
    for alias in aliases:
        folded = fold(alias.strip())
        moved = _ARTICLE_LAST.match(folded)
        for part in (moved["rest"] if moved else folded, folded.partition(":")[0]):
            whole = words_of(part)
            for words in (whole if whole[:1] and whole[0] in _AMBIGUOUS else (), without_article(whole)):
                if words:
                    found[words] = None
    return list(found)


def without_article(words: Phrase) -> Phrase:
    """`words` without an article before them, unless it is all there is."""
    return words[1:] if len(words) > 1 and words[0] in _ARTICLES else words


def _stem(name: Phrase) -> Phrase:
    """What the parts of a series share: the words before a numeral, or the whole name."""
    for place, word in enumerate(name):
        if place and _NUMERAL.match(word):
            return name[:place]
    return name
