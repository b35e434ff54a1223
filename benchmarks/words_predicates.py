"""What must hold of each answer to a query in words: genres, year, and the film table's runtime, people and country."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from components.serving.catalogue import Catalogue

PEOPLE = ("director", "cast", "writer")
_YEAR = re.compile(r"\((\d{4})\)\s*$")


def holds(items: Catalogue, row: int, query: Mapping[str, Any]) -> bool:
    """Whether item `row` is an answer to `query`; what is not known of an item fulfils no limit."""
    return all(check(items, row, query[name]) for name, check in _CHECKS.items() if name in query)


def _genres(items: Catalogue, row: int) -> set[str]:
    return set(items.tags[row])


def _values(items: Catalogue, row: int, *names: str) -> set[str]:
    known = items.attributes[row]
    return {text for name in names for text in _texts(known.get(name))}


def _texts(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()


def _runtime(items: Catalogue, row: int) -> float | None:
    value = items.attributes[row].get("runtime")
    return value if isinstance(value, float) else None


def _year_within(items: Catalogue, row: int, span: list[int]) -> bool:
    found = _YEAR.search(items.titles[row])
    return found is not None and span[0] <= int(found[1]) <= span[1]


def _shares_genre(items: Catalogue, row: int, title: str) -> bool:
    return bool(_genres(items, row) & _genres(items, items.titles.index(title)))


def _limit(compare: Callable[[float, float], bool]) -> Callable[[Catalogue, int, float], bool]:
    def check(items: Catalogue, row: int, edge: float) -> bool:
        runtime = _runtime(items, row)
        return runtime is not None and compare(runtime, edge)

    return check


_CHECKS: dict[str, Callable[[Catalogue, int, Any], bool]] = {
    "genres_any": lambda items, row, names: bool(_genres(items, row) & set(names)),
    "not_genres": lambda items, row, names: not _genres(items, row) & set(names),
    "year": _year_within,
    "year_not": lambda items, row, span: not _year_within(items, row, span),
    "genres_all": lambda items, row, names: set(names) <= _genres(items, row),
    "language_any": lambda items, row, names: bool(_values(items, row, "language") & set(names)),
    "people_any": lambda items, row, names: bool(_values(items, row, *PEOPLE) & set(names)),
    "not_people": lambda items, row, names: not _values(items, row, *PEOPLE) & set(names),
    "country_any": lambda items, row, names: bool(_values(items, row, "country") & set(names)),
    "not_country": lambda items, row, names: not _values(items, row, "country") & set(names),
    "runtime_max": _limit(lambda runtime, edge: runtime <= edge),
    "runtime_min": _limit(lambda runtime, edge: runtime >= edge),
    "runtime_below": _limit(lambda runtime, edge: runtime < edge),
    "runtime_above": _limit(lambda runtime, edge: runtime > edge),
    "shares_genre_with": _shares_genre,
    "not_titles": lambda items, row, titles: items.titles[row] not in titles,
    "title_none": lambda items, row, parts: not any(part in items.titles[row] for part in parts),
    "title_any": lambda items, row, parts: any(part in items.titles[row] for part in parts),
}
