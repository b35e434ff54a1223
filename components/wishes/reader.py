"""Reads a text without a language model: what each span of it wishes or refuses, and what was ignored.

The same text always gives the same wishes. Long, as each rule of negation and scope hands spans to the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from components.wishes.facts import CatalogueFacts
from components.wishes.lexicon import Lexicon
from components.wishes.names import NamedValue
from components.wishes.phrases import ComparativeMeaning, LabelMeaning, MoodMeaning, Phrases, PlaceMeaning, ScaleMeaning
from components.wishes.quantities import WORDS as QUANTITY_WORDS
from components.wishes.quantities import mentions
from components.wishes.spans import ABOUT, Items, Span, SpanFinder
from components.wishes.tokens import Token, fold, tokenize
from components.wishes.vocabulary import Vocabulary
from components.wishes.wish import (
    LABEL,
    NO_WISHES,
    PEOPLE,
    PLACE,
    REFUSED,
    VAGUE,
    Did,
    ItemsWish,
    LabelWish,
    LikeWish,
    MeaningWish,
    RangeWish,
    TasteWish,
    ValueWish,
    Wish,
    Wishes,
)

Source = Literal["query", "profile"]
_JOINTS = frozenset(["and", "or", "nor", "&", "plus", "either", "both", "as", "well"])
_NOUNS = frozenset(
    [
        "film",
        "films",
        "movie",
        "movies",
        "flick",
        "flicks",
        "picture",
        "pictures",
        "stuff",
        "things",
        "thing",
        "anything",
        "something",
        "ones",
        "any",
        "a",
        "an",
        "the",
        "more",
        "of",
    ]
)
_TURNING = frozenset(
    [
        "for",
        "with",
        "from",
        "in",
        "by",
        "that",
        "which",
        "who",
        "where",
        "set",
        "about",
        "to",
        "on",
        "at",
        "during",
        "featuring",
        "starring",
        "when",
        "if",
        "because",
        "while",
    ]
)
_INTENSE = frozenset(
    [
        "very",
        "really",
        "super",
        "extremely",
        "so",
        "incredibly",
        "ultra",
        "truly",
        "seriously",
        "especially",
        "particularly",
        "extra",
    ]
)
_RESEMBLING = frozenset(
    [
        "unlike",
        "nothing like",
        "different from",
        "far from",
        "as far from",
        "opposite of",
        "the opposite of",
        "away from",
        "far away from",
    ]
)
_PLAIN_NOT = frozenset(["not", "isn't", "aren't", "isnt", "arent", "wasn't", "doesn't", "don't"])
_PARTS = frozenset(
    ["films", "movies", "series", "franchise", "ones", "parts", "books", "saga", "trilogy", "games", "albums"]
)
_ARTICLES = frozenset(["the", "a", "an"])
LEFT_OVER = 0.25
"""What the words count that no other wish took."""
_WEAK = frozenset(["time", "times", "story", "stories", "tale", "world", "people", "life", "place"])
"""Words that mean something beside others only."""
_MIDDLE = 0.5
_THIRD = 0.3
"""Of the catalogue: "older films" without saying than what."""


@dataclass
class _State:
    """Where the reading of one text stands."""

    wishes: list[tuple[Wish, Span]] = field(default_factory=list)
    negator: str = ""
    direct: bool = False
    neutral: bool = False
    last: int = -1
    free: list[tuple[Span, bool]] = field(default_factory=list)
    topics: list[Span] = field(default_factory=list)
    about: bool = False
    ignored: list[Span] = field(default_factory=list)
    likened: list[tuple[Items, bool, Span]] = field(default_factory=list)
    pending: list[tuple[ComparativeMeaning, bool, Span, Items | None]] = field(default_factory=list)
    series: list[tuple[bool, Span]] = field(default_factory=list)


class Reader:
    """Reads texts about one catalogue."""

    def __init__(self, facts: CatalogueFacts, vocabulary: Vocabulary, frequencies: Mapping[str, int]) -> None:
        self._facts = facts
        self._known = vocabulary
        self._phrases = Phrases(facts, vocabulary)
        grammar = [word for phrases in vocabulary.grammar.values() for phrase in phrases for word in phrase]
        meaning = [word for phrase in self._phrases.all for word in phrase]
        self._lexicon = Lexicon(frequencies, [*vocabulary.ignorable, *grammar, *sorted(QUANTITY_WORDS), *meaning])
        self._finder = SpanFinder(facts, vocabulary, self._lexicon, self._phrases)
        self._text_words = frozenset(self._finder.titles.by_word)

    def read(self, text: str, source: Source = "query") -> Wishes:
        """The wishes of `text`; a title in a profile is something that is liked, in a query it may be what is meant."""
        tokens = tokenize(text)
        if not tokens:
            return NO_WISHES
        spans = self._finder.find(tokens)
        state = _State()
        for place, _span in enumerate(spans):
            self._take(state, tokens, spans, place)
        self._settle_topics(state)
        self._settle_items(state, source)
        self._settle_comparatives(state)
        self._settle_meaning(state)
        return _result(_without_conflicts(_grouped(state.wishes, tokens), self._labels_of_liked(state)), state, spans)

    def _take(self, state: _State, tokens: Sequence[Token], spans: list[Span], place: int) -> None:
        span = spans[place]
        gap = tokens[span.start].gap if span.start else ""
        if (
            any(mark in gap for mark in ";.!?()\n")
            or " - " in gap
            or "–" in gap
            or "—" in gap
            or ("," in gap and state.negator and not self._goes_on(tokens, spans, place, state))
        ):
            state.negator, state.neutral = "", False
        what = span.what
        if what == "negators":
            state.negator, state.direct, state.neutral = fold(span.said), True, False
        elif what == "neutral":
            state.neutral, state.negator = True, ""
        elif what == "likers" and place and spans[place - 1].what == "negators":
            pass  # "never show me"
        elif what in ("likers", "not_negated"):
            state.negator, state.neutral = "", False
        elif what == "after_negators":
            _turn_last(state, span)
        elif what in ("novel", "near"):
            near = (what == "near") != bool(state.negator and what == "near")
            state.wishes.append((TasteWish(near, span.said), span))
            state.negator = ""
        elif what == "series":
            state.series.append((not state.negator, span))
        elif what == "idle":
            state.ignored.append(span)
        elif what in ("like", "role"):
            if state.negator and not state.direct and what == "role" and span.words != ("of",):
                state.negator = ""
        elif what is None or what == "not_a_label":
            self._take_word(state, span)
        elif state.neutral:
            state.ignored.append(span)
        else:
            refused = bool(state.negator)
            self._take_wish(state, tokens, spans, place, refused)
            state.direct, state.last = False, span.end

    def _take_word(self, state: _State, span: Span) -> None:
        words, word = span.words, span.words[0]
        state.about = word in ABOUT or (state.about and (word in _ARTICLES or word in _JOINTS))
        turned = word in _TURNING or (
            word == "and" and state.negator in _PLAIN_NOT and bool(state.wishes) and _is_adjective(state.wishes[-1])
        )
        if turned and state.negator and not state.direct:
            state.negator = ""
        if all(each in self._known.ignorable or each in _JOINTS for each in words) or mentions(words):
            return
        if len(word) < 2:
            return
        if self._lexicon.is_word(word) or word in self._text_words:
            state.free.append((span, not state.negator))
            state.direct = False
        else:
            state.ignored.append(span)

    def _goes_on(self, tokens: Sequence[Token], spans: list[Span], place: int, state: _State) -> bool:
        """Whether a list of what is refused goes on behind a comma: "no horror, war or crime"."""
        for later in spans[place:]:
            gap = tokens[later.start].gap
            if later is not spans[place] and any(mark in gap for mark in ";.!?"):
                return False
            if later.what is None:
                if later.words[0] in ("or", "nor"):
                    return True
                if later.words[0] == "and":
                    return state.negator not in _PLAIN_NOT
                if later.words[0] not in _NOUNS:
                    return False
            elif not isinstance(later.what, LabelMeaning | PlaceMeaning | NamedValue | Items | MoodMeaning):
                return False
        return False

    def _take_wish(self, state: _State, tokens: Sequence[Token], spans: list[Span], place: int, refused: bool) -> None:
        span, what = spans[place], spans[place].what
        add = state.wishes.append
        if isinstance(what, LabelMeaning):
            importance = REFUSED if refused else LABEL
            if refused:
                add(
                    (
                        LabelWish(what.labels, False, span.said, importance, what.every, "" if what.own else span.said),
                        span,
                    )
                )
            elif what.every:
                state.wishes += [(LabelWish((label,), True, span.said, importance), span) for label in what.labels]
            elif state.about and not what.own:
                state.topics.append(span)
            else:
                add((LabelWish(what.labels, True, span.said, importance), span))
        elif isinstance(what, MoodMeaning):
            if what.want:
                add(
                    (
                        LabelWish(
                            what.want, not refused, span.said, REFUSED if refused else VAGUE, mood=what.mood.name
                        ),
                        span,
                    )
                )
            if what.avoid and not refused:
                add((LabelWish(what.avoid, False, span.said, VAGUE, mood=what.mood.name), span))
        elif isinstance(what, PlaceMeaning):
            attribute, values, wanted = what.attribute, what.values, what.wanted
            if what.language and self._is_spoken(tokens, span):
                attribute, values = what.language
            add(
                (ValueWish((attribute,), values, wanted != refused, span.said, PLACE if not refused else REFUSED), span)
            )
        elif isinstance(what, NamedValue):
            attributes = self._role(tokens, spans, place, what)
            add((ValueWish(attributes, what.names, not refused, span.said, PEOPLE if not refused else REFUSED), span))
        elif isinstance(what, RangeWish):
            add((replace(what, wanted=not (refused and state.direct)), span))
        elif isinstance(what, ScaleMeaning):
            add((self._scaled(what, tokens, span, refused), span))
        elif isinstance(what, ComparativeMeaning):
            state.pending.append((what, refused, span, self._compared(tokens, spans, place)))
        elif isinstance(what, Items):
            self._take_items(state, spans, place, refused)

    def _take_items(self, state: _State, spans: list[Span], place: int, refused: bool) -> None:
        span, items = spans[place], spans[place].what
        assert isinstance(items, Items)  # noqa: S101 the caller has looked
        before = [each.what for each in spans[max(0, place - 3) : place]]
        if refused:
            following = spans[place + 1].words[:1] if place + 1 < len(spans) else ()
            rows = self._finder.titles.series_of(items.rows[0]) if following and following[0] in _PARTS else items.rows
            ids, titles = self._named(rows)
            state.wishes.append((ItemsWish(ids, titles, False, span.said), span))
            if state.negator in _RESEMBLING or "like" in before:
                state.wishes.append((LikeWish(ids[:1], titles[:1], False, span.said), span))
            return
        after_than = span.start > 0 and place > 0 and fold(spans[place - 1].said) == "than"
        if after_than and any(isinstance(each, ComparativeMeaning) for each in before):
            return  # it is what the comparative is about
        state.likened.append((items, "like" in before or "likers" in before, span))

    def _settle_topics(self, state: _State) -> None:
        """What a film is about may be a label by another name ("about vampires"), if no label is named outright."""
        named = any(isinstance(wish, LabelWish) and wish.wanted and not wish.mood for wish, _ in state.wishes)
        for span in state.topics:
            assert isinstance(span.what, LabelMeaning)  # noqa: S101 only such are topics
            if not named:
                state.wishes.append((LabelWish(span.what.labels, True, span.said), span))
            state.free.append((span, True))

    def _settle_items(self, state: _State, source: Source) -> None:
        """A name that stands for itself is what a query is after, if that says nothing else but what to leave out."""
        others = [wish for wish, _ in state.wishes if not isinstance(wish, ItemsWish) and getattr(wish, "wanted", True)]
        alone = source == "query" and not others and not state.free and not state.pending
        for items, resembled, span in state.likened:
            ids, titles = self._named(items.rows)
            if alone and not resembled and not state.series:
                state.wishes.append((ItemsWish(ids, titles, True, span.said), span))
            else:
                state.wishes.append((LikeWish(ids[:1], titles[:1], True, span.said), span))
        named = [items.rows[0] for items, _, _ in state.likened]
        for wanted, span in state.series:
            rows = [row for item in named for row in self._finder.titles.series_of(item)]
            if not rows:
                state.free.append((span, wanted))
                continue
            rows = [row for row in rows if row not in named] if wanted else rows
            ids, titles = self._named(tuple(dict.fromkeys(rows)))
            if ids:
                state.wishes.append((ItemsWish(ids, titles, wanted, span.said), span))

    def _settle_comparatives(self, state: _State) -> None:
        likened = [items.rows[0] for items, _, _ in state.likened]
        for meaning, refused, span, than in state.pending:
            numbers = self._facts.numbers[meaning.attribute]
            row = than.rows[0] if than else likened[0] if likened else None
            above = meaning.comparative.above
            if row is not None and not math.isnan(numbers[row]):
                edge, above = float(numbers[row]), above != refused
                low, high = (edge, None) if above else (None, edge)
                wish = RangeWish(meaning.attribute, low, high, span.said, open=not refused)
            else:
                edge = self._facts.quantile(meaning.attribute, 1 - _THIRD if above else _THIRD)
                low, high = (edge, None) if above != refused else (None, edge)
                wish = RangeWish(meaning.attribute, low, high, span.said, importance=VAGUE)
            state.wishes.append((wish, span))

    def _settle_meaning(self, state: _State) -> None:
        for wanted in (True, False):
            spans = [span for span, wished in state.free if wished == wanted]
            if any(word not in _WEAK for span in spans for word in span.words):
                text = " ".join(span.said for span in sorted(spans, key=lambda span: span.start))
                left_over = bool(state.wishes) and not (state.topics or state.about)
                state.wishes.append((MeaningWish(text, wanted, text, weight=LEFT_OVER if left_over else 1.0), spans[0]))

    def _scaled(self, meaning: ScaleMeaning, tokens: Sequence[Token], span: Span, refused: bool) -> RangeWish:
        scale, intense = meaning.scale, span.start > 0 and tokens[span.start - 1].word in _INTENSE
        share = scale.above if scale.above is not None else scale.below
        assert share is not None  # noqa: S101 vocabulary.toml gives one of them
        share = scale.very if intense else share
        above = scale.above is not None
        if refused:
            share, above = _MIDDLE, not above
        edge = self._facts.quantile(meaning.attribute, share)
        low, high = (edge, None) if above else (None, edge)
        return RangeWish(meaning.attribute, low, high, span.said, importance=VAGUE)

    def _is_spoken(self, tokens: Sequence[Token], span: Span) -> bool:
        before = tokens[span.start - 1].word if span.start else ""
        after = tokens[span.end].word if span.end < len(tokens) else ""
        spoken = {phrase[0] for phrase in self._known.spoken}
        return (
            (before in spoken and before != "in")
            or after in spoken - {"in"}
            or (before == "in" and span.said[:1].isalpha() and fold(span.said) not in self._countries)
        )

    @property
    def _countries(self) -> frozenset[str]:
        """Names of countries themselves: "in France" is a place, "in French" a language."""
        return frozenset(fold(value) for name in self._phrases.places[:1] for value in self._facts.values[name].names)

    def _role(self, tokens: Sequence[Token], spans: list[Span], place: int, person: NamedValue) -> tuple[str, ...]:
        for span in reversed(spans[max(0, place - 4) : place]):
            if span.what == "role":
                names = self._known.roles[tuple(token.word for token in tokens[span.start : span.end])]
                return tuple(name for name in person.attributes if name in names) or person.attributes
            if span.what is not None and not isinstance(span.what, NamedValue):
                break
        return person.attributes

    def _labels_of_liked(self, state: _State) -> frozenset[str]:
        table = self._facts.labels
        rows = [items.rows[0] for items, _, _ in state.likened]
        columns = table.holds.tocsr()[rows].sum(axis=0).tolist() if rows else []
        return frozenset(name for name, times in zip(table.names, columns, strict=False) if times)

    def _compared(self, tokens: Sequence[Token], spans: list[Span], place: int) -> Items | None:
        """The item behind "than"."""
        for later in spans[place + 1 : place + 5]:
            if isinstance(later.what, Items):
                return (
                    later.what
                    if any(token.word == "than" for token in tokens[spans[place].end : later.start])
                    else None
                )
        return None

    def _named(self, rows: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return tuple(self._facts.ids[row] for row in rows), tuple(self._facts.titles[row] for row in rows)


def _turn_last(state: _State, span: Span) -> None:
    """The wish right before `span`, and those that a list joins to it, become refusals."""
    end = span.start
    while state.wishes:
        wish, before = state.wishes[-1]
        if not isinstance(wish, LabelWish | ValueWish) or before.end < end - 1:
            break
        turned: Wish = replace(wish, wanted=False, importance=REFUSED)
        if isinstance(wish, LabelWish) and not wish.wanted:  # what a mood brings along
            state.wishes.pop()
            continue
        state.wishes[-1] = (turned, before)
        break


def _is_adjective(taken: tuple[Wish, Span]) -> bool:
    wish, span = taken
    return (isinstance(wish, LabelWish) and bool(wish.mood)) or isinstance(span.what, ScaleMeaning)


def _grouped(taken: Sequence[tuple[Wish, Span]], tokens: Sequence[Token]) -> list[tuple[Wish, Span]]:
    """Labels and places in a list are one wish, of which any will do; refused labels side by side count together."""
    found: list[tuple[Wish, Span]] = []
    for wish, span in taken:
        last, before = found[-1] if found else (None, None)
        joint = _joint(tokens, before, span) if before else None
        if joint == "list" and _may_join(last, wish):
            found[-1] = (_merged(last, wish), replace(span, start=before.start if before else span.start))
            continue
        if (
            joint == "side by side"
            and isinstance(wish, LabelWish)
            and isinstance(last, LabelWish)
            and not (wish.wanted or last.wanted or wish.mood or last.mood)
        ):
            found[-1] = (
                replace(last, labels=(*last.labels, *wish.labels), said=f"{last.said} {wish.said}", together=True),
                span,
            )
            continue
        found.append((wish, span))
    return found


def _joint(tokens: Sequence[Token], before: Span, span: Span) -> str | None:
    """How two spans hang together: as parts of a list, side by side, or not at all."""
    if before.end > span.start or before.start == span.start:
        return None
    between = [token.word for token in tokens[before.end : span.start]]
    gaps = "".join(token.gap for token in tokens[before.end : span.start + 1]).strip()
    if any(mark in gaps for mark in ";.!?("):
        return None
    if all(word in _JOINTS or word in _NOUNS for word in between) and (
        set(between) & _JOINTS or gaps in (",", "/", "&", "+")
    ):
        return "list"
    return "side by side" if not between and not gaps.strip("-") else None


def _may_join(last: Wish | None, wish: Wish) -> bool:
    if isinstance(last, LabelWish) and isinstance(wish, LabelWish):
        return last.wanted and wish.wanted and not last.mood and not wish.mood
    if isinstance(last, ValueWish) and isinstance(wish, ValueWish):
        same = last.wanted == wish.wanted and set(last.attributes) == set(wish.attributes)
        return same and last.importance in (PLACE, REFUSED)
    return False


def _merged(last: Wish | None, wish: Wish) -> Wish:
    if isinstance(last, LabelWish) and isinstance(wish, LabelWish):
        return replace(
            last, labels=tuple(dict.fromkeys([*last.labels, *wish.labels])), said=f"{last.said}, {wish.said}"
        )
    assert isinstance(last, ValueWish) and isinstance(wish, ValueWish)  # noqa: S101 `_may_join` has looked
    return replace(last, values=tuple(dict.fromkeys([*last.values, *wish.values])), said=f"{last.said}, {wish.said}")


def _without_conflicts(taken: list[tuple[Wish, Span]], liked: frozenset[str]) -> list[tuple[Wish, Span]]:
    """What is said outright wins over what a mood or another name of a label brings along; so do the labels of what is

    named to be like.
    """
    wanted = {
        label
        for wish, _ in taken
        if isinstance(wish, LabelWish) and wish.wanted and not wish.mood
        for label in wish.labels
    }
    refused = {
        label
        for wish, _ in taken
        if isinstance(wish, LabelWish) and not wish.wanted and not wish.mood and not wish.together
        for label in wish.labels
    }
    numbers = {wish.attribute for wish, _ in taken if isinstance(wish, RangeWish) and wish.importance != VAGUE}
    kept: list[tuple[Wish, Span]] = []
    for wish, span in taken:
        if isinstance(wish, RangeWish) and wish.importance == VAGUE and wish.attribute in numbers:
            continue
        if isinstance(wish, LabelWish) and wish.mood:
            away = refused if wish.wanted else wanted | liked
            labels = tuple(label for label in wish.labels if label not in away)
            if not labels:
                if not wish.wanted and wish.importance == REFUSED:
                    kept.append((MeaningWish(wish.said, False, wish.said), span))
                continue
            wish = replace(wish, labels=labels)
        elif isinstance(wish, LabelWish) and wish.wanted and refused:
            labels = tuple(label for label in wish.labels if label not in refused)
            if not labels:
                continue
            wish = replace(wish, labels=labels)
        if not any(_same(wish, other) for other, _ in kept):
            kept.append((wish, span))
    return kept


def _same(one: Wish, other: Wish) -> bool:
    if isinstance(one, TasteWish) and isinstance(other, TasteWish):
        return True
    return type(one) is type(other) and replace(one, said="") == replace(other, said="")


def _result(taken: list[tuple[Wish, Span]], state: _State, spans: Sequence[Span]) -> Wishes:
    did: dict[tuple[int, int], str] = {}
    for wish, span in taken:
        did.setdefault((span.start, span.end), wish.words())
    free = {(span.start, span.end): "meaning" for span, _ in state.free}
    ignored = [span.said for span in sorted(state.ignored, key=lambda span: span.start)]
    trace = tuple(
        Did(span.said, did.get((span.start, span.end)) or free.get((span.start, span.end), "")) for span in spans
    )
    return Wishes(tuple(wish for wish, _ in taken), tuple(ignored), trace)
