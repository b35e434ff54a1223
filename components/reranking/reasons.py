"""Lets a model's reason for an item through only as plain, short text that says nothing but what that item is.

A reason is held against the item's own fields, what the user met and said, and nothing else: that another item on the
list is by Hitchcock does not make this one his. Names, numbers and labels are claims; other words are not judged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from components.reranking.clean_text import clean
from components.reranking.personal_data import names_address, names_person
from components.reranking.task import ItemText

REASON_LIMIT = 120
MAX_TITLE_WORDS = 8
MAX_READ = 8 * REASON_LIMIT
"""Characters of a reason that are looked at; nothing behind them is shown."""
Flaw = Literal["link", "personal", "unknown_name", "unknown_number", "foreign_label", "empty"]
FLAWS: frozenset[str] = frozenset(get_args(Flaw))
SMALL = 20
"""Numbers below count things, as in "one of 3"; they are no years and no durations."""

_TAG = re.compile(r"<[^<>]*+>?|&[a-z#0-9]{1,8};", re.I)
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*+)\]\([^()]*+\)?")
_MARKUP = re.compile(r"[*_#~`\[\]{}\\|]+")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_NUMBER = re.compile(r"\d{1,9}")
_COUNTED = re.compile(r"(\d{1,9})(?:['’]?(s)\b)?")
_SENTENCE_END = ".!?:;—"
_YEAR = re.compile(r"\(\d{4}\)$")
_ARTICLE_LAST = re.compile(r"^(.*), (The|A|An|Le|La|Les|Il|El|Der|Die|Das)$")
_EVERYDAY = frozenset({"i", "i'm", "i'll", "you", "your", "tv", "ok"})


class TitleIndex:
    """The titles of a catalogue, to find those that a text names."""

    def __init__(self, titles: Iterable[str]) -> None:
        self._titles = frozenset(filter(None, map(words_of_title, titles)))

    def named_in(self, text: str) -> set[tuple[str, ...]]:
        """The titles in `text`, as folded words; one of a single word counts only where it has a capital letter."""
        words = _WORD.findall(text)
        folded = [word.casefold() for word in words]
        found = set()
        for start in range(len(words)):
            for length in range(1, min(MAX_TITLE_WORDS, len(words) - start) + 1):
                part = tuple(folded[start : start + length])
                if part in self._titles and (length > 1 or words[start][0].isupper()):
                    found.add(part)
        return found


def words_of_title(title: str) -> tuple[str, ...]:
    """The folded words of a title without its year; a trailing article ("Matrix, The") comes first."""
    bare = _YEAR.sub("", title.rstrip()).rstrip()
    if match := _ARTICLE_LAST.match(bare):
        bare = f"{match[2]} {match[1]}"
    return tuple(word.casefold() for word in _WORD.findall(bare))


def plain_reason(
    text: str,
    known: Sequence[ItemText],
    also: Sequence[str],
    titles: TitleIndex,
    limit: int = REASON_LIMIT,
    labels: Iterable[str] = (),
) -> str | Flaw:
    """`text` without markup and at most `limit` characters long, or what is wrong with it.

    Args:
        known: the items that may be spoken of: their titles may be named, and words of theirs be written large.
        also: further texts whose words may be written large, such as what the user said.
        titles: every title of the catalogue; naming one outside `known` is a flaw, and so is any other name.
        labels: of other items; one that none of `known` has, and `also` does not say, is a flaw.
    """
    text = unicodedata.normalize("NFKC", text[:MAX_READ])
    if names_address(text):
        return "link"
    if names_person(text):
        return "personal"
    bare = _MARKUP.sub(" ", _TAG.sub(" ", _MARKDOWN_LINK.sub(r"\1", text)))
    bare = clean(bare, limit)
    if not _WORD.search(bare):
        return "empty"
    allowed_titles = {words_of_title(item.title) for item in known}
    inside = {part for title in allowed_titles for part in _parts(title)}
    if titles.named_in(bare) - inside:
        return "unknown_name"
    said = [text for item in known for text in (item.title, item.category, item.text, item.fields, *item.labels)]
    vocabulary = {word for text in (*said, *also) for word in _folded(text)}
    if any(word not in vocabulary for word in _names_in(bare)):
        return "unknown_name"
    if not _numbers_hold(bare, {int(number) for text in (*said, *also) for number in _NUMBER.findall(text)}):
        return "unknown_number"
    if _names_label(bare, labels, vocabulary):
        return "foreign_label"
    return bare


def checked_reasons(
    reasons: Mapping[int, str],
    candidates: Sequence[ItemText],
    met: Sequence[ItemText],
    also: Sequence[str],
    titles: TitleIndex,
) -> tuple[dict[int, str], dict[str, int]]:
    """The reasons that may be shown, by position among `candidates`, and how many had which flaw.

    Each is held against its own candidate, what the user `met`, and what they said; see `plain_reason`.
    """
    good: dict[int, str] = {}
    flaws: dict[str, int] = {}
    labels = {label for item in candidates for label in item.labels}
    for position, reason in reasons.items():
        checked = plain_reason(reason, (candidates[position], *met), also, titles, labels=labels)
        if checked in FLAWS:
            flaws[checked] = flaws.get(checked, 0) + 1
        else:
            good[position] = checked
    return good, flaws


def _numbers_hold(text: str, known: set[int]) -> bool:
    """Whether every number of `text` is known or small; a decade is known by any year in it."""
    for digits, decade in _COUNTED.findall(text):
        number = int(digits)
        years = range(number, number + 10) if number >= SMALL * 50 else ()
        short = {year % 100 // 10 * 10 for year in known if year > SMALL * 50}
        if decade and (known.intersection(years) or (number < 100 and number in short)):
            continue
        if decade or (number >= SMALL and number not in known):
            return False
    return True


def _names_label(text: str, labels: Iterable[str], vocabulary: set[str]) -> bool:
    """Whether `text` calls the item what others are called, in one word or several, one or many of them."""
    words = " ".join(_folded(text))
    for label in labels:
        parts = _folded(label)
        if not parts or all(part in vocabulary for part in parts):
            continue
        name = " ".join(parts)
        many = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
        if any(f" {form} " in f" {words} " for form in (name, many)) and many not in vocabulary:
            return True
    return False


def _folded(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _parts(words: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """Every run of words within a title: a shorter title inside an allowed one is no stranger."""
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            yield words[start:end]


def _names_in(text: str) -> Iterable[str]:
    """Folded words that are written large though no sentence begins with them, or that stand in quotation marks."""
    quoted = {word for part in re.findall(r"[\"“«]([^\"”»]*)[\"”»]", text) for word in _folded(part)}
    yield from quoted
    for match in _WORD.finditer(text):
        word, before = match[0], text[: match.start()].rstrip()
        first = not before or before[-1] in _SENTENCE_END
        if word[0].isupper() and not first and word.casefold() not in _EVERYDAY:
            yield word.casefold()
