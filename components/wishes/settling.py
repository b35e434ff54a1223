"""Settles at the end of a text what no part of it says alone: names, comparatives, what is left as free meaning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from components.wishes.facts import CatalogueFacts
from components.wishes.judging import within
from components.wishes.names import Titles
from components.wishes.phrases import LabelMeaning, ScaleMeaning
from components.wishes.reading_state import ReadingState
from components.wishes.tokens import fold
from components.wishes.wish import VAGUE, ItemsWish, LabelWish, LikeWish, MeaningWish, RangeWish, ValueWish, Wish

LEFT_OVER = 0.25
"""What the words count that no other wish took."""
_WEAK = frozenset(["time", "times", "story", "stories", "tale", "world", "people", "life", "place"])
"""Words that mean something beside others only."""
_TIMES = frozenset(["before", "after"])
"""These compare only with an item."""
_SUPERLATIVES = frozenset(["oldest", "newest", "longest", "shortest", "cheapest"])
_ENOUGH = 20
"""Items that a superlative leaves at least."""
_THIRD = 0.3
"""Of the catalogue: "older films" without saying than what."""


def settle_topics(state: ReadingState) -> None:
    """What a film is about may be a label by another name ("about vampires"), if no label is named outright."""
    named = any(isinstance(wish, LabelWish) and wish.wanted and not wish.mood for wish, _ in state.wishes)
    for span in state.topics:
        assert isinstance(span.what, LabelMeaning)  # noqa: S101 only such are topics
        if not named:
            state.wishes.append((LabelWish(span.what.labels, True, span.said), span))
        state.free.append((span, True))


def settle_items(state: ReadingState, facts: CatalogueFacts, titles: Titles, in_query: bool) -> None:
    """A name that stands for itself is what a query is after, if that says nothing else but what to leave out."""
    others = [
        wish
        for wish, _ in state.wishes
        if not isinstance(wish, ItemsWish) and (getattr(wish, "wanted", True) or getattr(wish, "mood", ""))
    ]
    alone = in_query and not others and not state.free and not state.pending
    for items, resembled, span in state.likened:
        ids, names = named_items(facts, items.rows)
        if not resembled and (items.series or (alone and not state.series)):
            state.wishes.append((ItemsWish(ids, names, True, span.said), span))
        else:
            state.wishes.append((LikeWish(ids[:1], names[:1], True, span.said), span))
    named = [items.rows[0] for items, _, _ in state.likened]
    for wanted, span in state.series:
        rows = [row for item in named for row in titles.series_of(item)]
        if not rows:
            state.free.append((span, wanted))
            continue
        rows = [row for row in rows if row not in named] if wanted else rows
        ids, names = named_items(facts, tuple(dict.fromkeys(rows)))
        if ids and wanted:  # they are asked for themselves, not what is like the first of them
            likened = set(named_items(facts, named)[0])
            state.wishes = [each for each in state.wishes if not _is_like(each[0], likened)]
        if ids:
            state.wishes.append((ItemsWish(ids, names, wanted, span.said), span))


def _is_like(wish: Wish, items: set[str]) -> bool:
    return isinstance(wish, LikeWish) and wish.wanted and set(wish.items) <= items


def settle_comparatives(state: ReadingState, facts: CatalogueFacts) -> None:
    """ "Shorter" bounds by the item that it is said of, or by a share of the catalogue."""
    likened = [items.rows[0] for items, _, _ in state.likened]
    for meaning, refused, span, than in state.pending:
        numbers = facts.numbers[meaning.attribute]
        row = than.rows[0] if than else likened[0] if likened else None
        above = meaning.comparative.above
        if row is None and fold(span.said) in _TIMES:
            continue  # "before bed"
        if row is not None and not math.isnan(numbers[row]):
            edge, above = float(numbers[row]), above != refused
            low, high = (edge, None) if above else (None, edge)
            wish = RangeWish(meaning.attribute, low, high, span.said, open=not refused)
        else:
            edge = facts.quantile(meaning.attribute, 1 - _THIRD if above else _THIRD)
            low, high = (edge, None) if above != refused else (None, edge)
            wish = RangeWish(meaning.attribute, low, high, span.said, importance=VAGUE)
        state.wishes.append((wish, span))


def settle_superlatives(state: ReadingState, facts: CatalogueFacts) -> None:
    """The oldest horror films are old among horror films: the share counts among the items that are asked for."""
    asked = np.ones(len(facts), bool)
    for wish, _ in state.wishes:
        if isinstance(wish, LabelWish) and not wish.mood:
            asked &= facts.labels.having(wish.labels) == wish.wanted
        elif isinstance(wish, ValueWish):
            tables = [facts.values[name] for name in wish.attributes]
            asked &= np.any([table.having(wish.values) for table in tables], axis=0) == wish.wanted
        elif isinstance(wish, RangeWish) and wish.importance != VAGUE:
            asked &= within(facts.numbers[wish.attribute], wish.low, wish.high, wish.open) == wish.wanted
    for place, (wish, span) in enumerate(state.wishes):
        if not (isinstance(wish, RangeWish) and isinstance(span.what, ScaleMeaning)):
            continue
        numbers = facts.numbers[wish.attribute][asked]
        numbers = numbers[~np.isnan(numbers)]
        if span.what.scale.name not in _SUPERLATIVES or len(numbers) < _ENOUGH:
            continue
        share = max(_ENOUGH / len(numbers), span.what.scale.below or 1 - (span.what.scale.above or 0))
        if wish.low is None:
            edge = float(np.quantile(numbers, share, method="lower"))
            state.wishes[place] = (replace(wish, high=edge), span)
        else:
            edge = float(np.quantile(numbers, 1 - share, method="higher"))
            state.wishes[place] = (replace(wish, low=edge), span)


def settle_meaning(state: ReadingState) -> None:
    """What no wish took orders as free meaning, the refused words against it."""
    for wanted in (True, False):
        spans = [span for span, wished in state.free if wished == wanted]
        if any(word not in _WEAK for span in spans for word in span.words):
            text = " ".join(span.said for span in sorted(spans, key=lambda span: span.start))
            left_over = bool(state.wishes) and not (state.topics or state.about)
            state.wishes.append((MeaningWish(text, wanted, text, weight=LEFT_OVER if left_over else 1.0), spans[0]))


def named_items(facts: CatalogueFacts, rows: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids and titles of `rows`."""
    return tuple(facts.ids[row] for row in rows), tuple(facts.titles[row] for row in rows)
