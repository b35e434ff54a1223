"""Makes wishes of what somebody else has read from a text, such as a language model: the same value, or less of it.

Whatever the catalogue does not have is dropped, and its words count as ignored. What cannot be read at all is None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.wishes.facts import POPULARITY, CatalogueFacts
from components.wishes.names import Titles, names_of_title
from components.wishes.tokens import fold, words_of
from components.wishes.vocabulary import read_vocabulary
from components.wishes.wish import (
    LABEL,
    LIMIT,
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

Text = Annotated[str, Field(max_length=200)]
Texts = Annotated[list[Text], Field(max_length=20)]
LEFT_OVER = 0.25


class StatedWish(BaseModel):
    """One wish; which fields count depends on `kind`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Literal["labels", "values", "range", "like", "items", "taste", "meaning"]
    said: Annotated[Text, Field(description="The words of the text that say it, as they stand.")] = ""
    wanted: Annotated[bool, Field(description="False for what is to be avoided.")] = True
    labels: Annotated[Texts, Field(description="kind labels: of the labels that are listed; any of them will do.")] = []
    together: Annotated[bool, Field(description="kind labels: only all of them at once count.")] = False
    mood: Annotated[Text, Field(description="kind labels: the mood or occasion that the labels stand for.")] = ""
    attributes: Annotated[
        Texts, Field(description="kind values: in which attributes, such as director or country.")
    ] = []
    values: Annotated[Texts, Field(description="kind values: names of people, countries, languages.")] = []
    attribute: Annotated[Text, Field(description="kind range: which number.")] = ""
    low: Annotated[float | None, Field(description="kind range: at least.", strict=False)] = None
    high: Annotated[float | None, Field(description="kind range: at most.", strict=False)] = None
    open: Annotated[bool, Field(description="kind range: the ends themselves are out.")] = False
    vague: Annotated[bool, Field(description="kind range: the text names no number, as in: not too long.")] = False
    titles: Annotated[Texts, Field(description="kind like: what it should resemble; kind items: those alone.")] = []
    text: Annotated[Text, Field(description="kind meaning: what it is about, where no label says it.")] = ""


class StatedWishes(BaseModel):
    """All wishes of a text, and its words that none of them says."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    wishes: Annotated[list[StatedWish], Field(max_length=20)]
    ignored: Texts = []


class StatedReader:
    """Makes values of statements about one catalogue."""

    def __init__(self, facts: CatalogueFacts) -> None:
        self._facts = facts
        self._titles = Titles(facts)
        known = read_vocabulary()
        self._places = frozenset([*known.country_attributes, *known.language_attributes])

    def wishes(self, stated: Mapping[str, Any], text: str) -> Wishes | None:
        """The wishes that `stated` makes of `text`; None where it is not of the form that was asked for."""
        try:
            read = StatedWishes.model_validate(dict(stated))
        except ValidationError:
            return None
        taken: list[Wish] = []
        ignored: list[str] = []
        for each in read.wishes:
            said = each.said if fold(each.said) in fold(text) else ""
            wish = self._wish(each, said, text)
            if wish is None:
                ignored += [said] if said else []
            elif wish not in taken:
                taken.append(wish)
        alone = all(isinstance(wish, MeaningWish) for wish in taken)
        weighed = [_weighed(wish, 1.0 if alone else LEFT_OVER) for wish in taken]
        ignored += [word for word in read.ignored if word and fold(word) in fold(text)]
        trace = tuple(Did(wish.said, wish.words()) for wish in weighed)
        return Wishes(tuple(weighed), tuple(dict.fromkeys(ignored)), trace)

    def _wish(self, stated: StatedWish, said: str, text: str) -> Wish | None:
        kind, wanted = stated.kind, stated.wanted
        if kind == "labels":
            return self._labels(stated, said)
        if kind == "values":
            return self._values(stated, said)
        if kind == "range":
            return self._range(stated, said)
        if kind == "taste":
            return TasteWish(wanted, said)
        if kind == "meaning":
            own = set(words_of(stated.text)) <= set(words_of(text))  # nothing that the text does not say
            return MeaningWish(stated.text, wanted, said) if own and stated.text.strip() else None
        rows = self._rows(stated.titles)
        if not rows:
            return None
        ids, titles = tuple(self._facts.ids[row] for row in rows), tuple(self._facts.titles[row] for row in rows)
        return LikeWish(ids, titles, wanted, said) if kind == "like" else ItemsWish(ids, titles, wanted, said)

    def _labels(self, stated: StatedWish, said: str) -> LabelWish | None:
        table = self._facts.labels
        labels = tuple(_known(table.column_of, table.names, stated.labels))
        if not labels:
            return None
        importance = VAGUE if stated.mood else LABEL if stated.wanted else REFUSED
        return LabelWish(labels, stated.wanted, said, importance, stated.together and len(labels) > 1, stated.mood)

    def _values(self, stated: StatedWish, said: str) -> ValueWish | None:
        found: dict[str, None] = {}
        attributes: list[str] = []
        for name in dict.fromkeys(stated.attributes):
            table = self._facts.values.get(name)
            values = list(_known(table.column_of, table.names, stated.values)) if table else []
            found |= dict.fromkeys(values)
            attributes += [name] if values else []
        if not found:
            return None
        place = all(name in self._places for name in attributes)
        importance = REFUSED if not stated.wanted else PLACE if place else PEOPLE
        return ValueWish(tuple(attributes), tuple(found), stated.wanted, said, importance)

    def _range(self, stated: StatedWish, said: str) -> RangeWish | None:
        low, high = (None if end is None or not math.isfinite(end) else end for end in (stated.low, stated.high))
        known = stated.attribute in self._facts.numbers and stated.attribute != POPULARITY
        if not known or (low is None and high is None) or (low is not None and high is not None and low > high):
            return None
        importance = VAGUE if stated.vague else LIMIT
        return RangeWish(stated.attribute, low, high, said, stated.wanted, stated.open, importance)

    def _rows(self, titles: Sequence[str]) -> list[int]:
        rows: dict[int, None] = {}
        for title in titles:
            for name in names_of_title(title):
                found = self._titles.by_name.get(name)
                if found:
                    exact = [row for row in found if fold(self._facts.titles[row]) == fold(title)]
                    rows[(exact or found)[0]] = None
                    break
        return list(rows)


def _known(column_of: Mapping[str, int], names: Sequence[str], said: Iterable[str]) -> Iterable[str]:
    """Those of `said` that there are, in the catalogue's spelling."""
    columns = dict.fromkeys(column_of[fold(each)] for each in said if fold(each) in column_of)
    return (names[column] for column in columns)


def _weighed(wish: Wish, weight: float) -> Wish:
    if isinstance(wish, MeaningWish):
        return MeaningWish(wish.text, wish.wanted, wish.said, weight=weight)
    return wish
