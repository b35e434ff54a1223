"""Finds what each stretch of a text is: a turn of phrase, a number, a label, a place, a person, the name of an item.

At every word the longest stretch wins, and of equally long ones the one that is tried first.
Past 250 lines, as all kinds of stretch compete for the same words in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from components.wishes.facts import DOMAIN, POPULARITY, YEAR, CatalogueFacts
from components.wishes.function_words import CAME_OUT, MADE, MAKERS_OF, SAYS_WHAT
from components.wishes.lexicon import Lexicon
from components.wishes.names import LONGEST, MADE_BY, PARTICLES, NamedValue, People, Titles, without_article
from components.wishes.phrases import LabelMeaning, Meaning, Phrases, PlaceMeaning
from components.wishes.quantities import QuantityReader, mentions
from components.wishes.series import SeriesOfTitles
from components.wishes.tokens import Token, fold, joined
from components.wishes.vocabulary import Phrase, Vocabulary
from components.wishes.wish import RangeWish

Turn = Literal[
    "idle",
    "negators",
    "likers",
    "after_negators",
    "refers_back",
    "resembles",
    "finished",
    "neutral",
    "not_negated",
    "novel",
    "near",
    "series",
    "not_a_label",
    "like",
    "role",
]
_TURNS: tuple[Turn, ...] = (
    "after_negators",
    "refers_back",
    "resembles",
    "finished",
    "not_negated",
    "neutral",
    "novel",
    "near",
    "negators",
    "idle",
    "not_a_label",
    "likers",
    "series",
)
_SUBJECTS = frozenset(
    [
        "i",
        "we",
        "you",
        "they",
        "he",
        "she",
        "who",
        "kids",
        "really",
        "also",
        "both",
        "do",
        "would",
        "d",
        "might",
        "may",
        "not",
        "don't",
        "doesn't",
        "didn't",
        "always",
        "all",
        "people",
        "i'd",
        "we'd",
        "to",
        "much",
    ]
)
_DETERMINERS = frozenset(["the", "a", "an", "this", "that", "some", "any", "every", "my", "our", "your"])
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "sixth": 5, "last": -1, "original": 0}
_ADJECTIVES = ("esque", "ian", "ish")
_LEAVING = frozenset(["leave", "leaving", "cut", "keep", "count", "rule", "weed", "filter"])
_AS_MUCH = {("long", "as"): "length", ("short", "as"): "length", ("old", "as"): "year", ("recent", "as"): "year"}
_SIBLINGS = frozenset(["brothers", "bros", "sisters", "siblings"])
_WEAK_ROLES = {("with",), ("of",), ("from",), ("in",), ("has",), ("having",)}
"""Words that come before much else than a name."""
_LIKED = frozenset(
    ["like", "likes", "liked", "love", "loves", "loved", "enjoy", "enjoyed", "adore", "adores", "adored"]
) | {
    "fan of",
    "fans of",
}
ABOUT = frozenset(["about", "regarding", "concerning", "involving", "exploring", "depicting"])
_MANY_WORDS = 3
_FAMOUS = 0.9
"""The share of the catalogue that is liked less than what is found by ordinary words in its name."""
_RENOWNED = 0.98
"""The share of the catalogue that is liked less than what somebody made or was in whose name is an ordinary word."""
MOST_MENDED = 2
"""Words of a part of a title that may be misspelled."""
_LINKS = frozenset(
    ["the", "a", "an", "film", "movie", "my", "movies", "films", "some", "something", "of", "by", "from", "both"]
)


@dataclass(frozen=True)
class Items:
    """Rows that a name means: `rows` all of them, the best liked first; `fuzzy` where the name had to be mended.

    `series`: all parts of it are meant; `single`: one part alone.
    """

    rows: tuple[int, ...]
    name: Phrase
    fuzzy: bool = False
    series: bool = False
    single: bool = False


@dataclass(frozen=True)
class Span:
    """The tokens from `start` up to `end` and what they are; `said` as it stands, `words` folded and mended."""

    start: int
    end: int
    what: Turn | Meaning | RangeWish | NamedValue | Items | None
    said: str
    words: Phrase = ()


class SpanFinder:
    """Finds the spans of texts about one catalogue."""

    def __init__(self, facts: CatalogueFacts, vocabulary: Vocabulary, lexicon: Lexicon, phrases: Phrases) -> None:
        self.titles = Titles(facts, vocabulary.series)
        self.people = People(facts, (*phrases.places, DOMAIN))
        self._series = SeriesOfTitles(self.titles, {**vocabulary.series, **vocabulary.houses})
        self._facts = facts
        self._known = vocabulary
        self._lexicon = lexicon
        self._phrases = phrases
        self._quantities = QuantityReader(facts, vocabulary)
        self._like = vocabulary.grammar["like_markers"]
        self._longest = 10

    def find(self, tokens: Sequence[Token]) -> list[Span]:
        """Spans that cover `tokens` without a gap; what is nothing special is a span of one word."""
        mended = self._mended(tokens)
        whole = self._whole(tokens) if len(tokens) > 1 and list(tokens) != mended else None
        tokens = mended
        whole = whole or self._whole(tokens)
        if whole is not None:
            return [whole]
        spans: list[Span] = []
        at = 0
        while at < len(tokens):
            span = self._at(tokens, at, spans)
            spans.append(span)
            at = span.end
        return spans

    def _mended(self, tokens: Sequence[Token]) -> list[Token]:
        """Words that are nobody's name and no word of any title with their likely spelling."""
        mended = []
        for token in tokens:
            word = self._lexicon.mended(token.word)
            strange = word is not None and not token.large and not self._is_name(token.word)
            mended.append(Token(token.text, word, token.gap, token.large) if word and strange else token)
        return mended

    def _is_name(self, word: str) -> bool:
        named = word in self.titles.by_word or self.people.by_last_name(word) is not None
        return named or self.people.is_first_name(word)

    def _whole(self, tokens: Sequence[Token]) -> Span | None:
        """The whole text as the name of items, spelled right or almost."""
        words = tuple(token.word for token in tokens)
        name = without_article(words) if words else ()
        if (
            not name
            or len(words) > LONGEST
            or name in self._phrases.all
            or all(w in self._known.ignorable for w in name)
        ):
            return None
        if any(word in ("like", "not", "no") for word in name) and name not in self.titles.by_name:
            return None
        known = self._series.named(words, 0)
        if known and known[0] == len(words):
            return Span(0, len(tokens), Items(tuple(known[1]), known[2], series=True), joined(tokens), words)
        if self.people.whole(words) or (len(name) == 1 and self._phrases.label_of(name[0])):
            return None
        rows = self._named(name)
        named = self.people.by_last_name(name[0]) if len(name) == 1 else None
        if rows and named and self._rather_person(Items(tuple(rows), name), named):
            return None
        if rows:
            return Span(0, len(tokens), Items(tuple(rows), name), joined(tokens), words)
        if len(name) == 1 and (self._lexicon.is_ordinary(name[0]) or self.people.by_last_name(name[0])):
            return None
        numbers = [word for word in name if mentions([word])]
        if (numbers and numbers != [name[-1]]) or self._quantities.read(tokens, 0):
            return None
        strange = [word for word in name if not self._lexicon.is_ordinary(word) and word not in numbers]
        if not strange and len(name) >= _MANY_WORDS:
            near = self.titles.nearest(name, unlike=1.5 / len(" ".join(name)))  # "back too the future"
            if near is not None and self._facts.popularity[self.titles.by_name[near][0]] >= self._well_known:
                return Span(0, len(tokens), Items(tuple(self._named(near)), near, fuzzy=True), joined(tokens), words)
        if not strange or sum(self._is_content(word) for word in name) != len(
            [w for w in name if w not in self._known.ignorable]
        ):
            return None
        near = self.titles.nearest(name)
        if near is not None and [word for word in near if mentions([word])] != numbers:
            near = None
        if numbers and near is None:
            return None
        if near is None and len(name) > 1 and len(strange) <= MOST_MENDED:
            rows = self._named(tuple(self.titles.nearest_word(word) or word for word in name))
            if rows:
                return Span(0, len(tokens), Items(tuple(rows), name, fuzzy=True), joined(tokens), words)
        if near is None or (len(name) > 1 and self.people.nearest(words)):
            return None
        return Span(0, len(tokens), Items(tuple(self._named(near)), near, fuzzy=True), joined(tokens), words)

    def _named(self, name: Phrase) -> list[int]:
        """Rows of the items called `name`, and of those whose name holds it, if it says enough to be looked for."""
        exact = self.titles.by_name.get(name, [])
        if len(name) == 1 and self._lexicon.is_ordinary(name[0]) and not exact:
            return []
        if all(self._says_little(word) for word in name):
            return exact
        holding = self.titles.containing(name)
        if not exact and holding and all(map(self._plain, name)):  # "time travel": no name unless everybody knows it
            holding = holding if self._facts.popularity[holding[0]] >= self._well_known else []
        return list(dict.fromkeys([*exact, *holding]))

    @cached_property
    def _well_known(self) -> float:
        """Likes of an item that everybody knows."""
        return self._facts.quantile(POPULARITY, _FAMOUS)

    @cached_property
    def _renown(self) -> float:
        """Likes of what somebody made or was in whom everybody knows."""
        return self._facts.quantile(POPULARITY, _RENOWNED)

    def _says_little(self, word: str) -> bool:
        return word in self._known.ignorable or (word,) in self._phrases.all

    def _is_content(self, word: str) -> bool:
        return not self._says_little(word) and (word,) not in self._known.grammar["negators"]

    def _at(self, tokens: Sequence[Token], at: int, before: Sequence[Span]) -> Span:
        words = [token.word for token in tokens]
        found: list[Span] = []
        for turn in _TURNS:
            length = self._turn(words, at, self._known.grammar[turn])
            if turn == "after_negators" and length and self._looks_ahead(tokens, words, at, at + length):
                continue
            if turn in ("refers_back", "resembles") and length and not self._closes(tokens, words, at + length):
                continue
            if length and not (turn == "likers" and words[at] in ("like", "likes") and not self._is_verb(words, at)):
                found.append(self._span(tokens, at, at + length, turn))
        if words[at] in _LEAVING and "out" in words[at + 2 : at + 6]:
            found.append(self._span(tokens, at, at + 1, "negators"))  # "leave the romance out"
        quantity = self._quantities.read(tokens, at)
        if quantity:
            found.append(self._span(tokens, at, *quantity))
        spoken_of_us = words[at] == "us" and not tokens[at].text.isupper()
        meaning = None if spoken_of_us else self._meaning(words, at, whole=at > 0 and words[at - 1] in ABOUT)
        if meaning:
            found.append(self._span(tokens, at, at + meaning[0], meaning[1]))
        length = self._turn(words, at, self._like)
        counts = length > 1 and words[at + length - 1] == "between" and self._quantities.read(tokens, at + length - 1)
        if length and not counts and not (words[at] == "like" and length == 1 and self._is_verb(words, at)):
            found.append(self._span(tokens, at, at + length, "like"))
        length = self._turn(words, at, self._known.roles.keys())
        if length:
            found.append(self._span(tokens, at, at + length, "role"))
        for alike in (self._maker(tokens, words, at), self._same_as(tokens, words, at)):
            if alike:
                found.append(self._span(tokens, at, *alike))
        person, item = self._person(tokens, words, at, before), self._item(tokens, words, at, before)
        series = self._of_series(tokens, words, at, before)
        if series:
            found.insert(0, self._span(tokens, at, *series))
        part = self._part(words, at, before)
        if part:
            found.append(self._span(tokens, at, *part))
        likened = self._likened(before) and not (item and person and self._rather_person(item[1], person[1]))
        if likened and item and tokens[at].large:
            found.insert(0, self._span(tokens, at, *item))  # "like Alien" means the film, not its kind
        for name in (item, person) if likened else (person, item):
            if name:
                found.append(self._span(tokens, at, *name))
        best = max(found, key=lambda span: span.end, default=None)
        return best or self._span(tokens, at, at + 1, None)

    def _looks_ahead(self, tokens: Sequence[Token], words: list[str], start: int, end: int) -> bool:
        """Whether a refusal such as "I hate" is of what follows, as it is unless its clause ends there."""
        opens = any(tuple(words[at:end]) in self._known.grammar["negators"] for at in range(start, end))
        return opens and (start == 0 or (end < len(words) and not self._ends(tokens, words, end)))

    def _closes(self, tokens: Sequence[Token], words: list[str], end: int) -> bool:
        """Whether a clause ends before the token at `end`, or only "though" or the like follows."""
        return end == len(words) or self._ends(tokens, words, end) or words[end] in ("though", "please", "again", "so")

    @staticmethod
    def _is_verb(words: list[str], at: int) -> bool:
        """Whether the "like" at `at` says that somebody likes something."""
        return at > 0 and words[at - 1] in _SUBJECTS

    def _rather_person(self, items: Items, person: NamedValue) -> bool:
        """Whether a single word that is a title and a person's name means the person: Hitchcock."""
        return len(items.name) == 1 and self.people.likes(person) > self._facts.popularity[items.rows[0]]

    @staticmethod
    def _span(
        tokens: Sequence[Token], start: int, end: int, what: Turn | Meaning | RangeWish | NamedValue | Items | None
    ) -> Span:
        return Span(start, end, what, joined(tokens[start:end]), tuple(token.word for token in tokens[start:end]))

    def _turn(self, words: list[str], at: int, phrases: object) -> int:
        """The length of the longest of `phrases` that begins at `at`."""
        for length in range(min(self._longest, len(words) - at), 0, -1):
            if tuple(words[at : at + length]) in phrases:  # type: ignore[operator]
                return length
        return 0

    def _meaning(self, words: list[str], at: int, whole: bool) -> tuple[int, Meaning] | None:
        """What the words from `at` on mean; behind "about" a word that is only formed like a label is none."""
        for length in range(min(self._longest, len(words) - at), 0, -1):
            meaning = self._phrases.all.get(tuple(words[at : at + length]))
            if meaning is not None:
                return length, meaning
        if whole or words[at] in self._known.ignorable or len(words[at]) < 4:
            return None
        label: LabelMeaning | None = self._phrases.label_of(words[at])
        return (1, label) if label else None

    def _person(
        self, tokens: Sequence[Token], words: list[str], at: int, before: Sequence[Span]
    ) -> tuple[int, NamedValue] | None:
        if words[at + 1 : at + 2] and words[at + 1] in _SIBLINGS:
            siblings = self.people.siblings(words[at])
            if siblings:
                return at + 2, siblings
        if words[at] == "the" and at + 1 < len(words) and words[at + 1].endswith("s") and self._role_before(before):
            family = self._family(words[at + 1])
            if family:
                return at + 2, family
        for length in range(min(5, len(words) - at), 1, -1):
            run = tuple(words[at : at + length])
            person = self.people.whole(run)
            if person and length == 2 and run[0] == "the":
                person = self.people.both(person, self._family(run[1]))
            if person and (any(token.large for token in tokens[at : at + length]) or not all(map(self._plain, run))):
                return at + length, person
            if person and self._role_before(before):
                return at + length, person
        if at + 1 < len(words) and tokens[at + 1].gap.strip() == "," and tokens[at].large | tokens[at + 1].large:
            person = self.people.whole((words[at + 1], words[at]))  # "Hepburn, Audrey"
            if person:
                return at + 2, person
        triple = tuple(words[at : at + 3])
        if len(triple) == 3 and triple[1] in PARTICLES and not any(self._says_little(triple[at]) for at in (0, 2)):
            person = self.people.nearest(triple)
            if person:
                return at + 3, person
        person = self._misspelled(tokens, words, at)
        if person:
            return at + 2, person
        if words[at] in PARTICLES and at + 1 < len(words):
            person = self.people.by_last_name(" ".join(words[at : at + 2]))
            if person:
                return at + 2, person
        word = words[at]
        opens = not before and tokens[at].text[:1].isupper() and (len(tokens) == 1 or self._lexicon.is_rare(word))
        named = opens or tokens[at].large or (self._role_before(before) and before[-1].words not in _WEAK_ROLES)
        if len(word) < 3 or self._says_little(word) or (self._plain(word) and not named):
            return None
        acts = bool(before) and before[-1].what == "role" and "cast" in self._known.roles[before[-1].words]
        person = (None if acts else self.people.makers(word)) or self.people.by_last_name(word) or self._family(word)
        person = person or self.people.by_first_name(word) or self._in_the_manner_of(word)
        if person is None and not self._lexicon.is_word(word) and word not in self.titles.by_word:
            person = self.people.nearest_last_name(word)
        alone = len(tokens) == 1 or self._role_before(before)
        if person and self._plain(word) and not alone and self.people.likes(person) < self._renown:
            return None  # the Cold of "Cold War"
        if at > 0 and words[at - 1] in _DETERMINERS and self._plain(word) and not tokens[at].large:
            return None  # "by the guy"
        if person is None or (at > 0 and words[at - 1] == "in") or self._another_of_that_name(tokens, at, person):
            return None
        return at + 1, person

    def _misspelled(self, tokens: Sequence[Token], words: list[str], at: int) -> NamedValue | None:
        """Who is called almost as the two words at `at`, of which one is no ordinary one, or both are large."""
        pair = tuple(words[at : at + 2])
        if len(pair) < 2 or not all(len(word) > 2 and not self._says_little(word) for word in pair):
            return None
        both_large = tokens[at].text[:1].isupper() and tokens[at + 1].large
        titled = pair in self.titles.by_name or pair in self.titles.by_beginning
        named = (both_large and not titled) or not all(map(self._plain, pair))
        return self.people.nearest(pair) if named and not any(word.isdigit() for word in pair) else None

    def _family(self, word: str) -> NamedValue | None:
        """Whose last name `word` is the plural of: the Wachowskis."""
        name = word[:-1]
        return None if not word.endswith("s") or self._plain(name) else self.people.by_last_name(name)

    def _in_the_manner_of(self, word: str) -> NamedValue | None:
        """Whose last name an adjective is made of: Hitchcockian, Felliniesque."""
        for ending in _ADJECTIVES:
            for name in (word.removesuffix(ending), f"{word.removesuffix(ending)}e"):
                if word.endswith(ending) and len(name) > 3 and not self._lexicon.is_word(word):
                    person = self.people.makers(name) or self.people.by_last_name(name)
                    if person is not None and set(person.attributes) & MADE_BY:
                        return person
        return None

    def _maker(self, tokens: Sequence[Token], words: list[str], at: int) -> tuple[int, NamedValue] | None:
        """Whoever made an item that is named: "the man who directed Jaws", "the makers of Alien"."""
        first = at + (words[at] in ("the", "whoever"))
        if words[at] == "whoever":
            noun, place = "", first
        elif words[first : first + 1] and words[first] in MAKERS_OF:
            noun, place = words[first], first + 1
            place += words[place : place + 1] in (["who"], ["that"])
        else:
            return None
        if place >= len(words) or words[place] not in MADE:
            return None
        if noun not in SAYS_WHAT and words[place] == "of":
            return None
        like = self._span(tokens, place, place + 1, "like")
        item = self._item(tokens, words, place + 1, [like]) if place + 1 < len(words) else None
        if item is None:
            return None
        person = self._who(item[1], noun.startswith("writer") or words[place] == "wrote")
        return (item[0], person) if person else None

    def _who(self, items: Items, wrote: bool) -> NamedValue | None:
        for attribute in ("writer", "author") if wrote else ("director", "author", "artist", "creator", "brand"):
            table = self._facts.values.get(attribute)
            names = tuple(table.of(items.rows[0])) if table else ()
            if names:
                return NamedValue(names, (attribute,))
        return None

    def _same_as(self, tokens: Sequence[Token], words: list[str], at: int) -> tuple[int, NamedValue | RangeWish] | None:
        """What an item that is named shares: "the same year as Alien", "the year Alien came out"."""
        first = at + (words[at] == "the")
        noun = words[first + 1] if words[first : first + 1] == ["same"] and first + 1 < len(words) else ""
        if noun and words[first + 2 : first + 3] == ["as"]:
            place = first + 3
        elif words[at] == "as" and tuple(words[at + 1 : at + 3]) in _AS_MUCH:
            noun, place = _AS_MUCH[(words[at + 1], "as")], at + 3
        elif words[first : first + 2] == ["length", "of"]:
            noun, place = "length", first + 2
        elif words[first : first + 1] == ["year"]:
            noun, place = "year", first + 1
        else:
            return None
        if place >= len(words):
            return None
        item = self._item(tokens, words, place, [self._span(tokens, place - 1, place, "like")])
        if item is None:
            return None
        end, items = item
        if words[first] == "year":
            tail = next((n for n in (2, 1) if tuple(words[end : end + n]) in CAME_OUT), 0)
            if not tail:
                return None
            end += tail
        if noun in ("director", "writer", "author"):
            person = self._who(items, noun == "writer")
            return (end, person) if person else None
        number = self._facts.numbers.get({"length": "runtime", "duration": "runtime"}.get(noun, noun))
        value = float("nan") if number is None else float(number[items.rows[0]])
        if value != value:  # unknown
            return None
        margin = 0.0 if noun == "year" else 0.1 * value
        attribute = {"length": "runtime", "duration": "runtime"}.get(noun, noun)
        return end, RangeWish(attribute, value - margin, value + margin, joined(tokens[at:end]))

    def _another_of_that_name(self, tokens: Sequence[Token], at: int, person: NamedValue) -> bool:
        """Whether the word before is a first name that is none of theirs: James Bond is not Ward Bond."""
        if at == 0 or tokens[at].gap.strip() or not tokens[at - 1].text[:1].isupper():
            return False
        first = tokens[at - 1].word
        return self.people.is_first_name(first) and not any(fold(name).startswith(first) for name in person.names)

    def _plain(self, word: str) -> bool:
        return self._lexicon.is_ordinary(word) or word in self._known.ignorable

    @staticmethod
    def _role_before(before: Sequence[Span]) -> bool:
        """Whether a word such as "by" or "starring" stands before, or a person and "and"."""
        for span in reversed(before[-3:]):
            if span.what == "role" or isinstance(span.what, NamedValue):
                return True
            if span.what is not None or span.said.casefold() not in ("and", "or", "the", "either", "both"):
                return False
        return False

    def _item(
        self, tokens: Sequence[Token], words: list[str], at: int, before: Sequence[Span]
    ) -> tuple[int, Items] | None:
        likened = self._likened(before)
        first = at
        if words[at] in ("the", "a", "an") and at + 1 < len(words):
            first = at + 1
        for end in range(min(first + LONGEST, len(words)), first, -1):
            name = tuple(words[first:end])
            rows = self.titles.by_name.get(name)
            if not likened and self.people.whole(name):
                continue
            if not rows and (likened or tokens[first].large or self._opens_name(tokens, first, end)):
                rows = self.titles.by_beginning.get(name) if (len(name) > 1 or not self._plain(name[0])) else None
            if rows and self._is_meant(tokens, words, first, end, likened, before):
                return self._dated(tokens, words, end, Items(tuple(rows), name))
        if likened and not self._says_little(words[at]):
            stop = next(
                (e for e in range(first + 1, min(first + 6, len(words))) if self._ends(tokens, words, e)),
                min(first + 6, len(words)),
            )
            for end in range(stop, first, -1):
                name = tuple(words[first:end])
                if all(map(self._plain, name)) or len(" ".join(name)) < 5:
                    continue
                near = self.titles.nearest(name)
                if near:
                    return end, Items(tuple(self.titles.by_name[near]), near, fuzzy=True)
        return None

    def _part(self, words: list[str], at: int, before: Sequence[Span]) -> tuple[int, Items] | None:
        """One part of the series that was named before, by its place in time: "Godfather, but not the third one"."""
        first = at + (words[at] == "the")
        if first >= len(words) or words[first] not in _ORDINALS:
            return None
        end = first + 1
        if end < len(words) and words[end] in ("one", "part", "film", "movie"):
            end += 1
        elif end < len(words):
            return None
        named = next((span.what for span in reversed(before) if isinstance(span.what, Items)), None)
        years = self._facts.numbers.get(YEAR)
        if named is None or years is None:
            return None
        rows = sorted(named.rows if named.series else self.titles.kin(named.name), key=lambda row: float(years[row]))
        place = _ORDINALS[words[first]]
        if len(rows) < 2 or place >= len(rows):
            return None
        return end, Items((rows[place],), named.name, single=True)

    def _of_series(
        self, tokens: Sequence[Token], words: list[str], at: int, before: Sequence[Span]
    ) -> tuple[int, Items] | None:
        """All parts of a series: by a name that no title bears, or by what several titles begin with and "films"."""
        known = self._series.named(words, at)
        if known is not None:
            end, rows, name = known
            ordinary = len(name) == 1 and self._plain(name[0]) and not tokens[at].large
            if not ordinary and not (self._likened(before) and name in self.titles.by_name):
                return end, Items(tuple(rows), name, series=True)
        for end, rows, name in self._series.shared(words, at):
            large = tokens[end - 2].large
            if len(name) == 1 and (self.people.by_last_name(name[0]) or self._plain(name[0])) and not large:
                continue
            if len(name) == 1 and name[0] in self._own_labels:
                continue
            exact = self.titles.by_name.get(name, ()) if len(name) > 1 else ()
            if all(map(self._says_little, name)) and not large and len(exact) < 2:
                continue
            if all(map(self._plain, name)) and not large and not exact:
                continue
            kin = self.titles.kin(name) if len(name) == 1 else rows
            return end, Items(tuple(kin if len(kin) > 1 else rows), name, series=True)
        return None

    @cached_property
    def _own_labels(self) -> frozenset[str]:
        """Words that are labels or places by their own name, which is what "War films" and "American films" are."""
        owned = (
            phrase[0]
            for phrase, meaning in self._phrases.all.items()
            if len(phrase) == 1
            and (isinstance(meaning, PlaceMeaning) or (isinstance(meaning, LabelMeaning) and meaning.own))
        )
        return frozenset(owned)

    def _dated(self, tokens: Sequence[Token], words: list[str], end: int, items: Items) -> tuple[int, Items]:
        """With the year that stands in brackets behind the name, if one of the items is of that year."""
        if end < len(words) and tokens[end].gap.strip() == "(" and words[end].isdigit():
            of_year = [row for row in items.rows if self._facts.titles[row].endswith(f"({words[end]})")]
            if of_year:
                return end + 1, Items(tuple(of_year), items.name)
        return end, items

    def _is_meant(
        self, tokens: Sequence[Token], words: list[str], start: int, end: int, likened: bool, before: Sequence[Span]
    ) -> bool:
        """Whether the words are meant as a name rather than as what they say."""
        name = words[start:end]
        after = (words[end],) if end < len(words) else ()
        if after in self._known.grammar["series"] and len(name) > 1 and not all(map(self._says_little, name)):
            return True  # "the toy story sequel"
        hangs = after == ("like",) and tokens[end].gap == "-"
        if tokens[start].text[:1].isupper() and (
            hangs or after in self._known.grammar["after_like"] or after == ("meets",)
        ):
            return True  # "Heat vibes", "Heat meets Psycho"
        if likened:
            return len(name) > 1 or not self._says_little(name[0]) or tokens[start].large
        large = [
            token.large
            for token, word in zip(tokens[start:end], name, strict=True)
            if word not in self._known.ignorable
        ]
        if len(large) > 1 and start == 0 and tokens[0].text[:1].isupper():
            large[0] = True  # as the others say what the first word of a text cannot
        ends = end == len(words) or self._ends(tokens, words, end)
        if len(name) == 1 and end < len(words) and tokens[end].gap == "-":
            return False  # "Oscar-worthy"
        if large and all(large):
            return len(name) > 1 or not self._says_little(name[0])
        if len(name) == 1:
            return start == 0 and ends and tokens[0].text[:1].isupper() and not self._says_little(name[0])
        content = [word for word in name if not self._says_little(word)]
        if not content:
            return False
        if not all(map(self._plain, content)):
            return True
        starts = (
            start == 0
            or self._ends(tokens, words, start)
            or (before and before[-1].what in ("negators", "likers", "role"))
        )
        return len(content) > 1 and bool(starts) and ends

    @staticmethod
    def _opens_name(tokens: Sequence[Token], first: int, end: int) -> bool:
        """Whether the first word of a text and the next are large, so that both are of one name: Indiana Jones."""
        return first == 0 and end > 1 and tokens[0].text[:1].isupper() and tokens[1].large

    @staticmethod
    def _ends(tokens: Sequence[Token], words: list[str], at: int) -> bool:
        """Whether a part of the text ends before the token at `at`."""
        return any(mark in tokens[at].gap for mark in ",;.!?()") or words[at] in (
            "but",
            "and",
            "or",
            "with",
            "without",
            "except",
            "only",
            "just",
        )

    @staticmethod
    def _likened(before: Sequence[Span]) -> bool:
        """Whether "like" or its kind stands before, or an item and "and"."""
        for span in reversed(before[-4:]):
            if span.what == "like" or isinstance(span.what, Items):
                return True
            if span.what == "likers" and span.said.casefold() in _LIKED:
                return True
            if span.what is not None or span.said.casefold() not in (*_LINKS, "and", "or"):
                return False
        return False
