"""Reads numbers with what they limit: years, decades, durations, prices, and any number that the items have.

One grammar for one purpose, in one file although it is long: its rules call each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf

from components.wishes.facts import PRICE, CatalogueFacts
from components.wishes.tokens import Token, joined
from components.wishes.vocabulary import Unit, Vocabulary
from components.wishes.wish import RangeWish
from components.wishes.year_parts import WORDS as PART_WORDS
from components.wishes.year_parts import part_at, period_at, years_of

_ONES = {
    word: float(value)
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = dict(
    zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], range(20, 100, 10), strict=True)
)
_DECADES = {
    **dict(
        zip(
            ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"],
            range(1920, 2000, 10),
            strict=True,
        )
    ),
    **{"noughties": 2000, "aughts": 2000, "tens": 2010},
}
_CENTURIES = {"19th": 1800, "nineteenth": 1800, "20th": 1900, "twentieth": 1900, "21st": 2000}
_DIGITS = re.compile(r"\d+(?:[.,]\d+)?")
_DECADE = re.compile(r"(\d{2}|\d{4})'?s")
_SKIPPED = frozenset(
    [
        "the",
        "a",
        "an",
        "year",
        "years",
        "of",
        "in",
        "about",
        "around",
        "roughly",
        "approximately",
        "circa",
        "exactly",
        "just",
        "only",
        "some",
        "from",
        "my",
        "our",
        "birth",
    ]
)
_ROUGHLY = frozenset(["about", "around", "roughly", "approximately", "circa", "nearly", "almost"])
_FEATURE_MINUTES = range(45, 301)
"""What a number without a unit may mean where nothing has a price: "under 90"."""
_SHORT_YEAR = re.compile(r"\d{2}")
_NEWEST_SHORT, _LOWEST_YEAR = 30, 1800
_DASH = re.compile(r"^\s*[-–—]\s*$")


def _phrases(text: str) -> list[tuple[str, ...]]:
    return [tuple(part.split()) for part in text.split(";")]


# Phrase before a number: whether it bounds from above, and whether the number itself is out.
_BEFORE: dict[tuple[str, ...], tuple[bool, bool]] = {
    phrase: rule
    for text, rule in (
        (
            "under;below;less than;shorter than;fewer than;lower than;smaller than;cheaper than;quicker than",
            (True, True),
        ),
        (
            "before;prior to;pre;older than;earlier than;from before;made before;not since;released before",
            (True, True),
        ),
        ("before i was born in;before i was born;before my birth in;from before i was born in", (True, True)),
        (
            "at the most;at the very most;at the outside;at the latest;"
            "at most;no more than;not more than;up to;maximum;max;maximum of;max of;no longer than;"
            "not longer than;within",
            (True, False),
        ),
        (
            "not over;not exceeding;not above;no greater than;until;till;up until;no later than;not after;"
            "not later than",
            (True, False),
        ),
        (
            "not newer than;no newer than;no over;never over;never more than;never longer than;don't exceed;not beyond",
            (True, False),
        ),
        (
            "isn't longer than;aren't longer than;isn't over;not any longer than;that's under;no newer than;not past",
            (True, False),
        ),
        (
            "over;above;more than;longer than;greater than;exceeding;upwards of;in excess of;after;post;newer than",
            (False, True),
        ),
        ("later than;more recent than;made after;younger than;released after;beyond;past", (False, True)),
        (
            "at the least;at the very least;at the earliest;"
            "at least;no less than;not less than;minimum;minimum of;no shorter than;not shorter than;"
            "not under;not below",
            (False, False),
        ),
        (
            "since;not older than;no older than;not before;no earlier than;not earlier than;starting from;"
            "as of;starting",
            (False, False),
        ),
        (
            "isn't older than;aren't older than;not made before;not from before;nothing before;"
            "nothing older than;never older than",
            (False, False),
        ),
    )
    for phrase in _phrases(text)
}
_BEFORE |= {
    phrase: rule
    for text, rule in (
        ("nothing after;nothing newer than;nothing over;nothing longer than;nothing above", (True, False)),
        ("nothing under;nothing shorter than;nothing below;nothing earlier than", (False, False)),
        ("no films before;no movies before", (False, False)),
    )
    for phrase in _phrases(text)
}
_AFTER: dict[tuple[str, ...], bool] = {
    phrase: upper
    for text, upper in (
        (
            "or less;or shorter;or under;or fewer;or lower;or cheaper;or earlier;or older;or before;max;"
            "maximum;at most;tops;at the most;and earlier;and older;and under;and before;or below;or so max;"
            "backwards;and below",
            True,
        ),
        (
            "or more;or longer;or over;or above;or later;or newer;or after;and up;and later;and newer;"
            "and after;and above;onwards;onward;plus;minimum;at least;and beyond;upwards;or up;and over;"
            "forward;forwards;and onwards;or higher;at minimum;and longer;and more",
            False,
        ),
    )
    for phrase in _phrases(text)
}
_BUDGET = frozenset(["have", "has", "got", "'ve", "only", "fits", "fit", "spare", "within", "i've", "we've", "time"])

_AFTER |= dict.fromkeys(_phrases("at the very most;at the outside;at the longest;at the latest"), True)
_AFTER |= dict.fromkeys(_phrases("at the very least;at the least;at the earliest"), False)
WORDS = frozenset(word for phrase in (*_BEFORE, *_AFTER) for word in phrase) | {
    *_ONES,
    *_TENS,
    *_DECADES,
    *_SKIPPED,
    *PART_WORDS,
}
"""All words that rules here look for."""


@dataclass(frozen=True, slots=True)
class _Amount:
    """A number or a span of them, what it counts (None: not said), and where it ends."""

    low: float
    high: float
    unit: Unit | None
    end: int
    age: bool = False


class QuantityReader:
    """Finds ranges in texts about one catalogue."""

    def __init__(self, facts: CatalogueFacts, vocabulary: Vocabulary) -> None:
        own = {name.replace("_", " ").split()[-1]: Unit((name,), 1.0) for name in facts.numbers}
        self._units = {**{name: unit for name, unit in own.items() if name != "popularity"}, **vocabulary.units}
        self._names = {name for name in own if name not in ("popularity", "year")}
        self._year = vocabulary.year
        self._numbers = facts.numbers
        years = self._attribute(self._year)
        self._newest = facts.quantile(years, 1.0) if years else float("nan")

    def read(self, tokens: Sequence[Token], start: int) -> tuple[int, RangeWish] | None:
        """Where the quantity that begins at `start` ends, and its wish; None where none does."""
        words = [token.word for token in tokens]
        found = self._read(tokens, words, start)
        if found is None:
            return None
        end, wish = found
        end += words[end : end + 1] in (["long"], ["length"])
        end += 2 * (words[end : end + 2] == ["in", "length"])
        return end, replace(wish, said=joined(tokens[start:end]))

    def _read(self, tokens: Sequence[Token], words: list[str], start: int) -> tuple[int, RangeWish] | None:
        named = Unit((words[start],), 1.0) if words[start] in self._names and words[start] in self._numbers else None
        at = start + 1 if named else start
        if at < len(words) and words[at] in ("in", "within", "during") and not named:
            recent = self._last_years(words, at + 1)
            if recent:
                return recent
        recent = self._last_years(words, at)
        if recent:
            return recent
        if (period := period_at(words, at)) is not None and self._attribute(self._year):
            low, high, end = period
            return self._wish(_Amount(0, 0, self._year, end), low, high)
        if words[at] in ("not", "no") and (counted := self._unit_first(words, at + 1)) is not None:
            return counted
        for length in (4, 3, 2, 1):
            rule = _BEFORE.get(tuple(words[at : at + length]))
            if rule is None:
                continue
            amount = self._amount(tokens, words, _skip(words, at + length), named)
            if amount is None:
                continue
            if amount.unit is None and not amount.age:
                amount = self._with_unit_nearby(words, amount, start)
            upper, is_open = rule
            if amount.unit is self._year and words[at] in ("max", "min", "maximum", "minimum"):
                continue
            return self._bounded(amount, upper, is_open)
        span = self._span(tokens, words, at, named)
        if span:
            return span
        first = _skip(words, at) if words[at] in _SKIPPED else at
        amount = self._amount(tokens, words, first, named)
        if amount is None or (first != at and amount.unit is None):
            return None
        return self._alone(words, amount, start, roughly=bool(_ROUGHLY & set(words[at:first])))

    def _unit_first(self, words: list[str], at: int) -> tuple[int, RangeWish] | None:
        """A limit that names its unit before the number: "not a minute over 100"."""
        at += words[at : at + 1] in (["a"], ["one"], ["single"])
        at += words[at : at + 1] == ["single"]
        unit = self._units.get(words[at]) if at < len(words) else None
        for length in (2, 1):
            rule = _BEFORE.get(tuple(words[at + 1 : at + 1 + length]))
            number = _number(words, at + 1 + length)
            if unit is not None and rule == (False, True) and number is not None:
                value, end = number
                return self._wish(
                    _Amount(value * unit.factor, value * unit.factor, unit, end), None, value * unit.factor
                )
        return None

    def _alone(self, words: list[str], amount: _Amount, start: int, roughly: bool) -> tuple[int, RangeWish] | None:
        """An amount without a word before it that bounds it."""
        end = amount.end
        since = (start > 0 and words[start - 1] == "from") or words[start] == "from"
        for length in (4, 3, 2, 1):
            tail = tuple(words[end : end + length])
            if tail in _AFTER:
                return self._bounded(replace(amount, end=end + length), _AFTER[tail], False)
        if since and end < len(words) and words[end] == "on":
            return self._bounded(replace(amount, end=end + 1), False, False)
        if amount.unit is None or amount.age:
            return None
        if amount.unit is self._year:
            margin = 2 if roughly and amount.low == amount.high else 0
            return self._wish(amount, amount.low - margin, amount.high + margin)
        if not roughly and _BUDGET & set(words[max(0, start - 3) : start]):
            return self._wish(amount, None, amount.high)
        return self._wish(amount, 0.9 * amount.low, 1.1 * amount.high)

    def _with_unit_nearby(self, words: list[str], amount: _Amount, start: int) -> _Amount:
        """A bare number with the unit of the bound beside it: "at least 60 and at most 90 minutes"."""
        after = [self._units.get(word) for word in words[amount.end : amount.end + 8]]
        before = [self._units.get(word) for word in reversed(words[max(0, start - 8) : start])]
        unit = next((unit for unit in (*before, *after) if unit is not None and unit is not self._year), None)
        if unit is None and amount.low in _FEATURE_MINUTES and PRICE not in self._numbers:
            unit = self._units.get("minute")
        if unit is None or amount.low > _LOWEST_YEAR:
            return amount
        return replace(amount, low=amount.low * unit.factor, high=amount.high * unit.factor, unit=unit)

    def _bounded(self, amount: _Amount, upper: bool, is_open: bool) -> tuple[int, RangeWish] | None:
        if amount.age:  # older than ten years: a year before
            edge = self._newest - amount.high
            return self._wish(amount, None, edge) if upper else self._wish(amount, edge, None)
        if upper:
            return self._wish(amount, None, amount.low if is_open else amount.high, is_open)
        return self._wish(amount, amount.high if is_open else amount.low, None, is_open)

    def _span(
        self, tokens: Sequence[Token], words: list[str], at: int, named: Unit | None
    ) -> tuple[int, RangeWish] | None:
        """From one amount to another; neighbouring decades and years joined by "and" or "or" are one span."""
        between = words[at] == "between"
        first = _skip(words, at + 1) if words[at] in ("between", "from") else _skip(words, at)
        low = self._amount(tokens, words, first, named)
        if low is None or low.end >= len(words):
            return None
        joint = words[low.end]
        dashed = bool(_DASH.match(tokens[low.end].gap)) and _DIGITS.fullmatch(joint) is not None
        if dashed:
            second = low.end
        elif joint in ("to", "till", "until", "through", "thru") or (joint in ("and", "or")):
            second = _skip(words, low.end + 1)
        else:
            return None
        if low.unit is self._year and low.low > _LOWEST_YEAR and _is_short_year(words, second):
            year = low.low // 100 * 100 + float(words[second])  # 1955 to 65
            high: _Amount | None = _Amount(year, year, self._year, second + 1)
        else:
            high = self._amount(tokens, words, second, named)
        if high is None:
            return None
        if low.unit is None and high.unit is not None:
            low = replace(low, low=low.low * high.unit.factor, high=low.high * high.unit.factor, unit=high.unit)
        if low.unit is None or high.unit is None or self._attribute(low.unit) != self._attribute(high.unit):
            return None
        if joint in ("and", "or") and not between and not (low.unit is self._year and abs(high.low - low.high) <= 1):
            return None
        lowest, highest = min(low.low, high.low), max(low.high, high.high)
        return self._wish(replace(low, end=high.end), lowest, highest)

    def _last_years(self, words: list[str], at: int) -> tuple[int, RangeWish] | None:
        """Such as "the last ten years", counted from the newest item."""
        at = at + 1 if at < len(words) and words[at] in ("the", "these") else at
        if at + 1 >= len(words) or words[at] not in ("last", "past", "this", "recent", "current", "previous"):
            return None
        n_years, end = 5.0, at + 1
        if words[at] == "this" and words[end] not in ("decade", "century", "millennium"):
            return None
        if words[end] in ("century", "millennium"):
            amount = _Amount(2000, inf, self._year, end + 1)
            return (
                self._wish(amount, 2000, None) if words[at] in ("this", "current") else self._wish(amount, 1900, 1999)
            )
        if words[end] == "decade":
            n_years, end = 10.0, end + 1
        else:
            if words[end] in ("few", "couple", "several"):
                n_years, end = (2.0 if words[end] == "couple" else 5.0), end + 1
                end += end < len(words) and words[end] == "of"
            elif (number := _number(words, end)) is not None:
                n_years, end = number
            if end < len(words) and words[end] in ("decades", "decade"):
                n_years, end = n_years * 10, end + 1
            elif end < len(words) and words[end] == "years" and words[end + 1 : end + 2] != ["of"]:
                end += 1
            else:
                return None
        return self._wish(_Amount(0, 0, self._year, end), self._newest - n_years, None)

    def _amount(self, tokens: Sequence[Token], words: list[str], at: int, named: Unit | None) -> _Amount | None:
        if at >= len(words):
            return None
        if named is None and (found := self._calendar(words, at)):
            return found
        if named is None and (found := self._duration(words, at)):
            return found
        money = self._units.get(tokens[at].gap.strip()[-1:]) if tokens[at].gap.strip()[-1:] in ("$", "€", "£") else None
        if named is None and tokens[at].gap.strip()[-1:] in ("'", "’") and _SHORT_YEAR.fullmatch(words[at]):
            short = float(words[at])  # '65
            return _Amount(_of_century(short), _of_century(short), self._year, at + 1)
        number = _number(words, at)
        if number is None:
            return None
        value, end = number
        if words[end : end + 3] == ["and", "a", "half"]:
            value, end = value + 0.5, end + 3
        if words[end : end + 1] in (["year"], ["years"]) and words[end + 1 : end + 2] == ["olds"]:
            return None
        if end < len(words) and words[end] in ("years", "year"):
            old = end + 1 < len(words) and words[end + 1] == "old"
            if at and (old or words[at - 1] == "than"):
                return _Amount(value, value, self._year, end + 1 + old, age=True)
        unit = named or money or (self._units.get(words[end]) if end < len(words) else None)
        if unit is not None and named is None and money is None:
            end += 1
        if unit is None:
            return _Amount(value, value, None, end)
        return _Amount(value * unit.factor, value * unit.factor, unit, end)

    def _calendar(self, words: list[str], at: int) -> _Amount | None:
        """A year, a decade, a part of one, or a century."""
        part = part_at(words, at)
        if part is not None and part[1] < len(words):
            whole = self._calendar(words, part[1])
            if whole is None or whole.high - whole.low not in (9, 99):
                return None
            low, high = years_of(part[0], whole.low, whole.high)
            return replace(whole, low=low, high=high)
        if (spelled := _spelled_year(words, at)) is not None:
            return _Amount(spelled[0], spelled[0], self._year, spelled[1])
        if words[at : at + 3] == ["turn", "of", "the"] and words[at + 3 : at + 4] in (["century"], ["millennium"]):
            return _Amount(1998, 2002, self._year, at + 4)
        nineteen = words[at] == "nineteen" and at + 1 < len(words)
        at += nineteen
        if words[at] in _DECADES:
            return _Amount(_DECADES[words[at]], _DECADES[words[at]] + 9, self._year, at + 1)
        if words[at] in _CENTURIES and words[at + 1 : at + 2] == ["century"]:
            return _Amount(_CENTURIES[words[at]], _CENTURIES[words[at]] + 99, self._year, at + 2)
        digits = _DECADE.fullmatch(words[at])
        if digits:
            low = int(digits[1])
            low = low if low > 99 else 2000 + low if low < 20 else 1900 + low
            return _Amount(low, low + 9, self._year, at + 1)
        if re.fullmatch(r"\d{4}", words[at]) and 1850 <= int(words[at]) <= 2100 and self._attribute(self._year):
            if words[at + 1 : at + 2] and words[at + 1] in self._units and words[at + 1] not in ("min",):
                return None
            return _Amount(float(words[at]), float(words[at]), self._year, at + 1)
        return None

    def _duration(self, words: list[str], at: int) -> _Amount | None:
        """Hours with halves, quarters and minutes, which single numbers with a unit are not."""
        hour, minute = self._units.get("hour"), self._units.get("minute")
        if hour is None or minute is None:
            return None

        def hours(word: str) -> bool:
            return self._units.get(word) is hour

        def minutes(word: str) -> bool:
            return self._units.get(word) is minute or word == "m"

        rest = [*words[at : at + 8], *[""] * 8]
        if rest[0] == "half" and (hours(rest[1]) or (rest[1] in ("an", "a", "of") and hours(rest[2]))):
            return _Amount(30, 30, hour, at + (2 if hours(rest[1]) else 3))
        if rest[:3] == ["quarter", "of", "an"] and hours(rest[3]):
            return _Amount(15, 15, hour, at + 4)
        if rest[:4] == ["three", "quarters", "of", "an"] and hours(rest[4]):
            return _Amount(45, 45, hour, at + 5)
        if rest[0] == "couple" and rest[1] == "of" and hours(rest[2]):
            return _Amount(120, 120, hour, at + 3)
        place, value = at, 1.0
        if (number := _number(words, at)) is not None:
            value, place = number
            if words[place : place + 3] == ["and", "a", "half"]:
                value, place = value + 0.5, place + 3
        elif hours(rest[0]):
            value = 1.0
        elif rest[0] in ("a", "an") and hours(rest[1]):
            place += 1
        else:
            return None
        if place >= len(words) or not hours(words[place]):
            return None
        total, end = value * 60, place + 1
        if words[end : end + 3] == ["and", "a", "half"]:
            return _Amount(total + 30, total + 30, hour, end + 3)
        if words[end : end + 3] == ["and", "a", "quarter"]:
            return _Amount(total + 15, total + 15, hour, end + 3)
        if words[end : end + 3] == ["and", "three", "quarters"]:
            return _Amount(total + 45, total + 45, hour, end + 3)
        joint = end + (words[end : end + 1] == ["and"])
        more = _number(words, joint)
        if more is not None and joint > end and 10 <= more[0] < 60 and not self._goes_on(words, more[1]):
            return _Amount(total + more[0], total + more[0], hour, more[1])  # "an hour and forty"
        if more is not None and more[0] < 60 and (more[1] < len(words) and minutes(words[more[1]])):
            return _Amount(total + more[0], total + more[0], hour, more[1] + 1)
        if more is not None and more[0] < 60 and joint == end and words[place] == "h":
            return _Amount(total + more[0], total + more[0], hour, more[1])
        return _Amount(total, total, hour, end)

    def _goes_on(self, words: list[str], at: int) -> bool:
        """Whether what stands at `at` is a unit."""
        return at < len(words) and words[at] in self._units

    def _attribute(self, unit: Unit) -> str | None:
        return next((name for name in unit.attributes if name in self._numbers), None)

    def _wish(
        self, amount: _Amount, low: float | None, high: float | None, is_open: bool = False
    ) -> tuple[int, RangeWish] | None:
        attribute = self._attribute(amount.unit) if amount.unit else None
        if attribute is None:
            return None
        return amount.end, RangeWish(attribute, low, high, "", open=is_open)


def _number(words: list[str], at: int) -> tuple[float, int] | None:
    if at >= len(words):
        return None
    word = words[at]
    if _DIGITS.fullmatch(word):
        return float(word.replace(",", ".")), at + 1
    if word in ("a", "one") and words[at + 1 : at + 2] == ["hundred"]:
        return _hundred(words, at + 2)
    if word == "hundred":
        return _hundred(words, at + 1)
    if word in _TENS:
        ones = _ONES.get(words[at + 1]) if at + 1 < len(words) else None
        return (_TENS[word] + ones, at + 2) if ones and ones < 10 else (float(_TENS[word]), at + 1)
    return (_ONES[word], at + 1) if word in _ONES else None


def _spelled_year(words: list[str], at: int) -> tuple[float, int] | None:
    """A year in words: nineteen ninety-nine, twenty twelve, two thousand and one."""
    century = {"eighteen": 1800.0, "nineteen": 1900.0, "twenty": 2000.0}.get(words[at])
    if century is not None and at + 1 < len(words) and (words[at + 1] in _TENS or _ONES.get(words[at + 1], 0) > 9):
        rest = _number(words, at + 1)
        return None if rest is None else (century + rest[0], rest[1])
    if words[at : at + 2] == ["two", "thousand"]:
        joint = at + 2 + (words[at + 2 : at + 3] == ["and"])
        rest = _number(words, joint)
        return (2000.0 + rest[0], rest[1]) if rest and rest[0] < _NEWEST_SHORT else (2000.0, at + 2)
    return None


def _is_short_year(words: list[str], at: int) -> bool:
    if at >= len(words) or not _SHORT_YEAR.fullmatch(words[at]):
        return False
    return at + 1 == len(words) or words[at + 1] not in ("minutes", "mins", "min", "hours", "years")


def _of_century(short: float) -> float:
    return (2000 if short < _NEWEST_SHORT else 1900) + short


def _hundred(words: list[str], at: int) -> tuple[float, int]:
    joint = at + (words[at : at + 1] == ["and"])
    more = _number(words, joint)
    return (100 + more[0], more[1]) if more and more[0] < 100 else (100.0, at)


def _skip(words: list[str], at: int) -> int:
    while at < len(words) and words[at] in _SKIPPED:
        at += 1
    return at


def mentions(words: Iterable[str]) -> bool:
    """Whether any of the words is a number."""
    return any(_DIGITS.fullmatch(word) or word in _ONES or word in _TENS for word in words)
