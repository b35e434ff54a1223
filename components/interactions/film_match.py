"""Finds the same film in another table, by its title and its year, give or take one."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

YEARS_APART = 1
_YEAR = re.compile(r"^(?P<title>.*?)\s*\((?P<year>\d{4})\)\s*$")
_IN_BRACKETS = re.compile(r"\((?:a\.?k\.?a\.?:? )?([^)]*)\)")
_ARTICLE_LAST = re.compile(r"^(?P<rest>.*), (?P<article>the|a|an|le|la|les|l'|il|el|los|das|der|die)$")


@dataclass(frozen=True)
class Film:
    """A film of the other table; `year` is None where it is not known, and then any year fits."""

    title: str
    year: int | None


def match_films(titles: Sequence[str], films: Sequence[Film]) -> list[int | None]:
    """Per title, which ends with its year as in "Heat (1995)", the position of the film in `films`, or None.

    Case, accents, punctuation and the place of an article do not matter ("Matrix, The" is "The Matrix"); what a title
    has in brackets counts as another name. Of several films the one with the nearest year is taken, then the first.
    """
    by_key: dict[str, list[int]] = defaultdict(list)
    for position, film in enumerate(films):
        by_key[_key(film.title)].append(position)
    return [_match(title, films, by_key) for title in titles]


def _match(title: str, films: Sequence[Film], by_key: dict[str, list[int]]) -> int | None:
    dated = _YEAR.match(title)
    name, year = (dated["title"], int(dated["year"])) if dated else (title, None)
    for alias in (name.partition("(")[0], *_IN_BRACKETS.findall(name)):
        key = _key(alias)
        fitting = [(_distance(year, films[position].year), position) for position in by_key.get(key, ()) if key]
        distance, position = min(fitting, default=(YEARS_APART + 1, 0))
        if distance <= YEARS_APART:
            return position
    return None


def _distance(year: int | None, other: int | None) -> int:
    return 0 if year is None or other is None else abs(year - other)


def _key(title: str) -> str:
    folded = unicodedata.normalize("NFKD", title.casefold().strip())
    moved = _ARTICLE_LAST.match(folded)
    if moved:
        folded = f"{moved['article']} {moved['rest']}"
    return "".join(character for character in folded if character.isalnum())
