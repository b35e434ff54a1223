"""Reads a text without a language model: what each span of it wishes or refuses, and what was ignored.

The same text always gives the same wishes. Long, as each rule of negation and scope hands spans to the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from components.wishes.facts import CatalogueFacts
from components.wishes.function_words import (
    ALL_OF,
    ARTICLES,
    AVERSIONS,
    CANCELLING,
    DEGREES,
    INTENSE,
    JOINTS,
    NOUNS,
    PARTS,
    PLAIN_NOT,
    RELATIVE,
    RESEMBLING,
    TURNING,
)
from components.wishes.grouping import grouped, without_conflicts
from components.wishes.lexicon import Lexicon
from components.wishes.names import NamedValue
from components.wishes.phrases import ComparativeMeaning, LabelMeaning, MoodMeaning, Phrases, PlaceMeaning, ScaleMeaning
from components.wishes.quantities import WORDS as QUANTITY_WORDS
from components.wishes.quantities import mentions
from components.wishes.reading_state import ReadingState
from components.wishes.settling import (
    named_items,
    settle_comparatives,
    settle_items,
    settle_meaning,
    settle_superlatives,
    settle_topics,
)
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
    RangeWish,
    TasteWish,
    ValueWish,
    Wish,
    Wishes,
)

Source = Literal["query", "profile"]
_MIDDLE = 0.5
_NEITHER = ("neither", "nor")


class Reader:
    """Reads texts about one catalogue."""

    def __init__(self, facts: CatalogueFacts, vocabulary: Vocabulary, frequencies: Mapping[str, int]) -> None:
        self._facts = facts
        self._known = vocabulary
        self._phrases = Phrases(facts, vocabulary)
        grammar = [word for phrases in vocabulary.grammar.values() for phrase in phrases for word in phrase]
        meaning = [word for phrase in self._phrases.all for word in phrase]
        self._lexicon = Lexicon(
            frequencies, [*vocabulary.ignorable, *grammar, *sorted(QUANTITY_WORDS), *vocabulary.units, *meaning]
        )
        self._finder = SpanFinder(facts, vocabulary, self._lexicon, self._phrases)
        self._text_words = frozenset(self._finder.titles.by_word)

    def read(self, text: str, source: Source = "query") -> Wishes:
        """The wishes of `text`; a title in a profile is something that is liked, in a query it may be what is meant."""
        tokens = tokenize(text)
        if not tokens:
            return NO_WISHES
        spans = self._finder.find(tokens)
        state = ReadingState()
        for place, _span in enumerate(spans):
            self._take(state, tokens, spans, place)
        settle_topics(state)
        settle_items(state, self._facts, self._finder.titles, source == "query")
        settle_comparatives(state, self._facts)
        settle_superlatives(state, self._facts)
        settle_meaning(state)
        return _result(without_conflicts(grouped(state.wishes, tokens), self._labels_of_liked(state)), state, spans)

    def _take(self, state: ReadingState, tokens: Sequence[Token], spans: list[Span], place: int) -> None:
        span = spans[place]
        gap = tokens[span.start].gap if span.start else ""
        if (
            any(mark in gap for mark in ";.!?()\n")
            or " - " in gap
            or "–" in gap
            or "—" in gap
            or ("," in gap and state.negator and not self._goes_on(tokens, spans, place, state))
        ):
            state.negator, state.neutral, state.relative, state.finished = "", False, False, False
        what = span.what
        if what == "negators" and span.words == ("no",) and self._answers_no(state, tokens, spans, place):
            state.turn_last(span)
        elif what == "likers" and span.words == ("but",) and self._all_but(spans, place):
            state.negator, state.direct, state.neutral, state.once = "all but", True, False, False
        elif what == "negators":
            said = fold(span.said)
            state.relative = False
            twice = bool(state.negator) and state.direct and said in CANCELLING
            state.negator, state.direct, state.neutral = "" if twice else said, True, False
            state.once = said in ("non", "un")
        elif what == "neutral":
            state.neutral, state.negator = True, ""
        elif what == "likers" and place and spans[place - 1].what == "negators":
            pass  # "never show me"
        elif what in ("likers", "not_negated"):
            state.negator, state.neutral = "", False
        elif what == "after_negators":
            state.turn_last(span)
        elif what == "refers_back":
            state.turn_named()
            state.negator = ""
        elif what == "resembles" and state.resemble_named():
            state.negator = ""
        elif what == "finished":
            state.finished, state.negator = True, ""
        elif what in ("novel", "near"):
            near = (what == "near") != bool(state.negator and what == "near")
            state.wishes.append((TasteWish(near, span.said), span))
            if not (state.direct and span.words[-1] == "usual"):  # "anything but the usual American stuff"
                state.negator = ""
        elif what == "series":
            state.series.append((not state.negator, span))
        elif what == "idle":
            state.ignored.append(span)
        elif what in ("like", "likers") and self._is_suffix(state, tokens, span):
            state.likened[-1] = (state.likened[-1][0], True, state.likened[-1][2])
        elif what in ("like", "role"):
            if what == "like" and span.words == ("meets",) and state.likened:
                state.likened[-1] = (state.likened[-1][0], True, state.likened[-1][2])
            joined_on = place > 1 and spans[place - 1].words[0] in NOUNS and spans[place - 2].words[0] in JOINTS
            if state.negator and not state.direct and not joined_on and what == "role" and span.words != ("of",):
                state.negator = ""
        elif what is None or what in ("not_a_label", "resembles"):
            self._take_word(state, span)
        elif state.neutral:
            state.ignored.append(span)
        else:
            refused = bool(state.negator) and not self._is_head(state, span, place, spans)
            self._take_wish(state, tokens, spans, place, refused)
            state.direct, state.last = False, span.end
            if state.once and not self._is_joined(tokens, spans, place + 1):
                state.negator, state.once = "", False

    def _take_word(self, state: ReadingState, span: Span) -> None:
        words, word = span.words, span.words[0]
        state.once = state.once or (bool(state.negator) and state.direct and word in DEGREES)
        if words in self._known.grammar["after_like"] and state.likened and state.likened[-1][2].end == span.start:
            state.likened[-1] = (state.likened[-1][0], True, state.likened[-1][2])
            return
        state.about = word in ABOUT or (state.about and (word in ARTICLES or word in JOINTS))
        state.relative = state.relative or (bool(state.negator) and state.direct and word in RELATIVE)
        turned = (word in TURNING and not state.relative) or (
            word == "and" and (state.negator in _NEITHER or (state.negator in PLAIN_NOT and state.follows_adjective()))
        )
        if turned and state.negator and not state.direct:
            state.negator = ""
        if all(each in self._known.ignorable or each in JOINTS for each in words) or mentions(words):
            return
        if len(word) < 2:
            return
        if words in self._phrases.unmet:
            state.ignored.append(span)
            return
        if self._lexicon.is_word(word) or word in self._text_words:
            state.free.append((span, not state.negator))
            state.direct = False
        else:
            state.ignored.append(span)

    @staticmethod
    def _answers_no(state: ReadingState, tokens: Sequence[Token], spans: list[Span], place: int) -> bool:
        """Whether a "no" ends what was just said: "romantic? no."."""
        span = spans[place]
        if (
            not state.wishes
            or state.wishes[-1][1].end != span.start
            or state.wishes[-1][0].said != spans[place - 1].said
        ):
            return False
        ends = span.end == len(tokens) or any(mark in tokens[span.end].gap for mark in ",.;!")
        return ends and ("," not in tokens[span.start].gap or any(token.word == "yes" for token in tokens))

    @staticmethod
    def _is_suffix(state: ReadingState, tokens: Sequence[Token], span: Span) -> bool:
        """Whether a "like" hangs on the name of an item: "Alien-like"."""
        hangs = span.words == ("like",) and tokens[span.start].gap == "-"
        return hangs and bool(state.likened) and state.likened[-1][2].end == span.start

    @staticmethod
    def _all_but(spans: list[Span], place: int) -> bool:
        """Whether a "but" leaves out: "any year but 1999"."""
        return (
            place > 1
            and spans[place - 2].words[0] in ("any", "every", "all")
            and spans[place - 1].what is None
            and spans[place - 1].words[0] in ALL_OF
        )

    @staticmethod
    def _is_joined(tokens: Sequence[Token], spans: list[Span], place: int) -> bool:
        """Whether a list goes on at `place`."""
        if place >= len(spans):
            return False
        return spans[place].words[:1] in (("or",), ("nor",), ("and",)) or "," in tokens[spans[place].start].gap

    def _is_head(self, state: ReadingState, span: Span, place: int, spans: list[Span]) -> bool:
        """Whether a label is what places were said of: "neither American nor British crime" wants crime."""
        before = spans[place - 1].what if place else None
        return (
            state.negator in _NEITHER
            and isinstance(span.what, LabelMeaning)
            and isinstance(before, PlaceMeaning)
            and spans[place - 1].end == span.start
        )

    def _goes_on(self, tokens: Sequence[Token], spans: list[Span], place: int, state: ReadingState) -> bool:
        """Whether a list of what is refused goes on behind a comma: "no horror, war or crime"."""
        for later in spans[place:]:
            gap = tokens[later.start].gap
            if later is not spans[place] and any(mark in gap for mark in ";.!?"):
                return state.negator in AVERSIONS
            if later.what is None:
                if later.words[0] in ("or", "nor"):
                    return True
                if later.words[0] == "and":
                    return state.negator not in PLAIN_NOT and state.negator not in _NEITHER
                if later.words[0] not in NOUNS:
                    return False
            elif not isinstance(later.what, LabelMeaning | PlaceMeaning | NamedValue | Items | MoodMeaning):
                return False
        return state.negator in AVERSIONS

    def _take_wish(
        self, state: ReadingState, tokens: Sequence[Token], spans: list[Span], place: int, refused: bool
    ) -> None:
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
            liked = self._finder.people.best_of(what) if state.finished and not refused else ()
            refused = refused or state.finished
            importance = PEOPLE if not refused else REFUSED
            for attributes in self._roles(tokens, spans, place, what):
                add((ValueWish(attributes, what.names, not refused, span.said, importance), span))
            if liked:
                add((LikeWish(*named_items(self._facts, liked), True, span.said), span))
        elif isinstance(what, RangeWish):
            add((replace(what, wanted=not (refused and (state.direct or state.relative))), span))
        elif isinstance(what, ScaleMeaning):
            add((self._scaled(what, tokens, span, refused), span))
        elif isinstance(what, ComparativeMeaning):
            state.pending.append((what, refused, span, self._compared(tokens, spans, place)))
        elif isinstance(what, Items):
            self._take_items(state, spans, place, refused)

    def _take_items(self, state: ReadingState, spans: list[Span], place: int, refused: bool) -> None:
        span, items = spans[place], spans[place].what
        assert isinstance(items, Items)  # noqa: S101 the caller has looked
        before = [each.what for each in spans[max(0, place - 3) : place]]
        after_than = span.start > 0 and place > 0 and fold(spans[place - 1].said) in ("than", "as")
        if after_than and any(isinstance(each, ComparativeMeaning) for each in before):
            return  # it is what the comparative is about
        if refused or state.finished:
            following = spans[place + 1].words[:1] if place + 1 < len(spans) else ()
            of_series = items.series or (bool(following) and following[0] in PARTS)
            rows = items.rows if items.series else self._finder.titles.series_of(items.rows[0]) if of_series else ()
            kin = () if items.single else self._finder.titles.kin(items.name)
            ids, titles = named_items(self._facts, tuple(dict.fromkeys(rows or (*items.rows, *kin))))
            state.wishes.append((ItemsWish(ids, titles, False, span.said), span))
            liking = any(each.what == "likers" and each.words == ("like",) for each in spans[max(0, place - 3) : place])
            if state.finished and not refused:
                state.wishes.append((LikeWish(ids[:1], titles[:1], True, span.said), span))
            elif state.negator in RESEMBLING or "like" in before or liking:
                state.wishes.append((LikeWish(ids[:1], titles[:1], False, span.said), span))
            return
        state.likened.append((items, "like" in before or "likers" in before, span))

    def _scaled(self, meaning: ScaleMeaning, tokens: Sequence[Token], span: Span, refused: bool) -> RangeWish:
        scale, intense = meaning.scale, span.start > 0 and tokens[span.start - 1].word in INTENSE
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

    def _roles(
        self, tokens: Sequence[Token], spans: list[Span], place: int, person: NamedValue
    ) -> list[tuple[str, ...]]:
        """The attributes meant by each role before a name: two of them in "directed by and starring"."""
        found: list[tuple[str, ...]] = []
        between: list[str] = []
        for span in reversed(spans[max(0, place - 4) : place]):
            if span.what == "role":
                if found and between != ["and"]:
                    break
                names = self._known.roles[tuple(token.word for token in tokens[span.start : span.end])]
                meant = tuple(name for name in person.attributes if name in names) or person.attributes
                if found and set(found[-1]) & set(meant):
                    break
                found.append(meant)
                between = []
            elif span.what is not None and not isinstance(span.what, NamedValue):
                break
            else:
                between.append(fold(span.said))
        return found[::-1] or [person.attributes]

    def _labels_of_liked(self, state: ReadingState) -> frozenset[str]:
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


def _result(taken: list[tuple[Wish, Span]], state: ReadingState, spans: Sequence[Span]) -> Wishes:
    did: dict[tuple[int, int], str] = {}
    for wish, span in taken:
        did.setdefault((span.start, span.end), wish.words())
    free = {(span.start, span.end): "meaning" for span, _ in state.free}
    ignored = [span.said for span in sorted(state.ignored, key=lambda span: span.start)]
    trace = tuple(
        Did(span.said, did.get((span.start, span.end)) or free.get((span.start, span.end), "")) for span in spans
    )
    return Wishes(tuple(wish for wish, _ in taken), tuple(ignored), trace)
