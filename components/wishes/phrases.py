"""What each phrase means for one catalogue: its labels, places and scales under all names that the vocabulary knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from components.wishes.facts import CatalogueFacts
from components.wishes.tokens import words_of
from components.wishes.vocabulary import Comparative, Mood, Phrase, Scale, Vocabulary

_ENDINGS = frozenset(
    [
        "",
        "s",
        "es",
        "y",
        "ies",
        "ic",
        "tic",
        "ical",
        "ically",
        "ed",
        "ing",
        "ion",
        "ions",
        "al",
        "als",
        "ally",
        "ce",
        "ces",
        "e",
        "er",
        "ers",
        "ous",
        "ious",
        "ously",
        "ness",
        "ish",
        "ly",
        "an",
        "ian",
        "ian's",
        "or",
    ]
)
"""What may follow the shared beginning of two forms of one word: romance and romantic, animation and animated."""


@dataclass(frozen=True)
class LabelMeaning:
    """Labels that a phrase stands for; `every`: for all at once; `own`: it is the label's own name."""

    labels: tuple[str, ...]
    own: bool
    every: bool = False


@dataclass(frozen=True)
class MoodMeaning:
    """A mood in labels that the catalogue has."""

    mood: Mood
    want: tuple[str, ...]
    avoid: tuple[str, ...]


@dataclass(frozen=True)
class ScaleMeaning:
    """A scale on an attribute that the catalogue has."""

    scale: Scale
    attribute: str


@dataclass(frozen=True)
class ComparativeMeaning:
    """A comparative on an attribute that the catalogue has."""

    comparative: Comparative
    attribute: str


@dataclass(frozen=True)
class PlaceMeaning:
    """Values of an attribute that names countries or languages; `wanted` False where a word means all others."""

    attribute: str
    values: tuple[str, ...]
    wanted: bool = True
    language: tuple[str, tuple[str, ...]] | None = None


Meaning = LabelMeaning | MoodMeaning | ScaleMeaning | ComparativeMeaning | PlaceMeaning


class Phrases:
    """The phrases of one catalogue."""

    def __init__(self, facts: CatalogueFacts, vocabulary: Vocabulary) -> None:
        self._facts = facts
        self._vocabulary = vocabulary
        self._by_label = {words_of(label): label for label in facts.labels.names if words_of(label)}
        self._country = next((name for name in vocabulary.country_attributes if name in facts.values), None)
        self._language = next((name for name in vocabulary.language_attributes if name in facts.values), None)

    @property
    def places(self) -> tuple[str, ...]:
        """The attributes that name countries and languages."""
        return tuple(name for name in (self._country, self._language) if name)

    @cached_property
    def all(self) -> Mapping[Phrase, Meaning]:
        """Every phrase with what it means; of several meanings the more particular one."""
        found: dict[Phrase, Meaning] = {}
        known = self._vocabulary
        for phrase, scale in known.scales.items():
            attribute = self._number(scale.attributes)
            if attribute:
                found[phrase] = ScaleMeaning(scale, attribute)
        for phrase, comparative in known.comparatives.items():
            attribute = self._number(comparative.attributes)
            if attribute:
                found[phrase] = ComparativeMeaning(comparative, attribute)
        for phrase, place in self._places():
            found[phrase] = place
        moods = {phrase: self._mood(mood) for phrase, mood in known.moods.items()}
        found |= {phrase: mood for phrase, mood in moods.items() if mood.want or mood.avoid}
        for phrase, labels in self._labels():
            before = found.get(phrase)
            if not (isinstance(before, MoodMeaning) and before.mood.first):
                found[phrase] = labels
        return found

    @cached_property
    def unmet(self) -> frozenset[Phrase]:
        """Phrases that limit a number which no item has, as "cheap" does where there are no prices."""
        known = self._vocabulary
        limits = {phrase: each.attributes for phrase, each in known.scales.items()}
        limits |= {phrase: each.attributes for phrase, each in known.comparatives.items()}
        return frozenset(phrase for phrase, names in limits.items() if not self._number(names)) - set(self.all)

    def label_of(self, word: str) -> LabelMeaning | None:
        """The label of one word, of which `word` is another form, as romantic is of romance."""
        for name, label in self._by_label.items():
            if len(name) == 1 and _same_word(word, name[0]):
                return LabelMeaning((label,), own=True)
        return None

    def _labels(self) -> Iterable[tuple[Phrase, LabelMeaning]]:
        meant: dict[Phrase, list[str]] = {}
        own: dict[Phrase, bool] = {}
        for phrases in self._vocabulary.labels.values():
            labels = [label for words, label in self._by_label.items() if words in phrases]
            for phrase in phrases if labels else ():
                meant.setdefault(phrase, []).extend(label for label in labels if label not in meant.get(phrase, ()))
                own[phrase] = phrase in self._vocabulary.grammar["whole"] or any(
                    words_of(label) == phrase or self._is_form(phrase, label) for label in labels
                )
        for words, label in self._by_label.items():
            for form in (words, (*words[:-1], _plural(words[-1]))):
                meant[form], own[form] = [label], True
        for phrase, names in list(meant.items()):
            yield phrase, LabelMeaning(tuple(names), own[phrase])
            many = (*phrase[:-1], _plural(phrase[-1]))
            if many not in meant and not phrase[-1].endswith("s"):  # "romantics"
                yield many, LabelMeaning(tuple(names), own[phrase])
            single = (*phrase[:-1], phrase[-1].removesuffix("s"))
            if single not in meant and len(single[-1]) > 3 and not set(single) <= self._vocabulary.ignorable:  # "ghost"
                yield single, LabelMeaning(tuple(names), own[phrase])
        for phrase, parts in self._vocabulary.compounds.items():
            labels = [self._by_label[words_of(name)] for name in parts if words_of(name) in self._by_label]
            if len(labels) == len(parts):
                yield phrase, LabelMeaning(tuple(labels), own=True, every=True)

    @staticmethod
    def _is_form(phrase: Phrase, label: str) -> bool:
        words = words_of(label)
        return len(phrase) == len(words) and all(_same_word(*pair) for pair in zip(phrase, words, strict=True))

    def _mood(self, mood: Mood) -> MoodMeaning:
        want, avoid = (tuple(self._known_labels(names)) for names in (mood.want, mood.avoid))
        return MoodMeaning(mood, want, avoid)

    def _known_labels(self, names: Iterable[str]) -> Iterable[str]:
        """The labels of the catalogue that are called so, or by another name of the same."""
        for name in names:
            phrases = self._vocabulary.labels.get(name, frozenset([words_of(name)]))
            yield from (label for words, label in self._by_label.items() if words == words_of(name) or words in phrases)

    def _number(self, attributes: Iterable[str]) -> str | None:
        return next((name for name in attributes if name in self._facts.numbers), None)

    def _places(self) -> Iterable[tuple[Phrase, PlaceMeaning]]:
        countries = self._values(self._country)
        languages = self._values(self._language)
        known = self._vocabulary
        for phrase, places in known.places.items():
            spoken = tuple(
                name for words, name in languages.items() if words == phrase or words[-len(phrase) :] == phrase
            )
            language = (self._language, spoken) if self._language and spoken else None
            named = tuple(countries[words_of(name)] for name in places.countries if words_of(name) in countries)
            if self._country and named:
                yield phrase, PlaceMeaning(self._country, named, not places.excluded, language)
            elif language:
                yield phrase, PlaceMeaning(*language)
        for words, name in countries.items():
            if words not in known.places and self._country:
                yield words, PlaceMeaning(self._country, (name,))
        for words, name in languages.items():
            if words not in known.places and words not in countries and self._language:
                yield words, PlaceMeaning(self._language, (name,))

    def _values(self, attribute: str | None) -> dict[Phrase, str]:
        return (
            {words_of(name): name for name in self._facts.values[attribute].names if words_of(name)}
            if attribute
            else {}
        )


def _same_word(one: str, other: str) -> bool:
    """Whether two words are forms of one: they begin alike, and what follows are endings."""
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    for length in range(shared, max(3, shared - 2), -1):
        if length >= 0.6 * min(len(one), len(other)) and one[length:] in _ENDINGS and other[length:] in _ENDINGS:
            return True
    return False


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"
