"""Reads vocabulary.toml: what words mean whatever the catalogue."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from components.wishes.tokens import words_of

Phrase = tuple[str, ...]
"""Folded words."""


@dataclass(frozen=True)
class Scale:
    """One end of an attribute, as shares of the catalogue that lie below the limit; one of the two sides is None."""

    name: str
    attributes: tuple[str, ...]
    above: float | None
    below: float | None
    very: float


@dataclass(frozen=True)
class Comparative:
    """On which side of a named item's number a wish lies."""

    name: str
    attributes: tuple[str, ...]
    above: bool


@dataclass(frozen=True)
class Mood:
    """Labels of which an item should carry one, and labels that it should not carry.

    `first`: its words mean the mood even where they mean a label as well.
    """

    name: str
    want: tuple[str, ...]
    avoid: tuple[str, ...]
    first: bool


@dataclass(frozen=True)
class Unit:
    """Which attributes are counted in it, and how many of theirs one makes."""

    attributes: tuple[str, ...]
    factor: float


@dataclass(frozen=True)
class PlaceNames:
    """Countries in the spelling of tables; `excluded` ones where a word means all others."""

    countries: tuple[str, ...]
    excluded: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """Phrases by what they do; see vocabulary.toml for each."""

    ignorable: frozenset[str]
    grammar: Mapping[str, frozenset[Phrase]]
    roles: Mapping[Phrase, tuple[str, ...]]
    units: Mapping[str, Unit]
    year: Unit
    scales: Mapping[Phrase, Scale]
    comparatives: Mapping[Phrase, Comparative]
    labels: Mapping[str, frozenset[Phrase]]
    compounds: Mapping[Phrase, tuple[str, ...]]
    moods: Mapping[Phrase, Mood]
    series: Mapping[Phrase, tuple[Phrase, ...]]
    houses: Mapping[Phrase, tuple[Phrase, ...]]
    places: Mapping[Phrase, PlaceNames]
    country_attributes: tuple[str, ...]
    language_attributes: tuple[str, ...]
    spoken: frozenset[Phrase]


@cache
def read_vocabulary() -> Vocabulary:
    """The vocabulary, read once a process."""
    raw = tomllib.loads(files("components.wishes").joinpath("vocabulary.toml").read_text(encoding="utf-8"))
    grammar = {name: frozenset(_phrases(text)) for name, text in raw["grammar"].items() if name != "ignorable"}
    grammar |= {name: frozenset(_phrases(text)) for name, text in raw["asker"].items()}
    grammar["after_negators"] |= _of_others(grammar["after_negators"])
    grammar["whole"] = frozenset(_phrases(raw["whole"]["phrases"]))
    grammar["not_a_label"] = frozenset(_phrases(raw["not_a_label"]["phrases"]))
    units = {name: Unit(tuple(unit["attributes"].split()), unit["factor"]) for name, unit in raw["units"].items()}
    return Vocabulary(
        ignorable=frozenset(raw["grammar"]["ignorable"].split()),
        grammar=grammar,
        roles={phrase: tuple(names.split()) for names, text in raw["roles"].items() for phrase in _phrases(text)},
        units={word: units[name] for name, unit in raw["units"].items() for word in unit["words"].split()},
        year=units["year"],
        scales=_by_phrase(raw["scales"], _scale),
        comparatives=_by_phrase(raw["comparatives"], _comparative),
        labels={label: frozenset([words_of(label), *_phrases(text)]) for label, text in raw["labels"].items()},
        compounds={phrase: tuple(names) for text, names in raw["compounds"].items() for phrase in _phrases(text)},
        moods=_by_phrase(raw["moods"], _mood),
        series=_titles(raw["series"]),
        houses=_titles(raw["houses"]),
        places=_places(raw),
        country_attributes=tuple(raw["places"]["attributes"].split()),
        language_attributes=tuple(raw["places"]["language_attributes"].split()),
        spoken=frozenset(_phrases(raw["places"]["spoken"])),
    )


def _phrases(text: str) -> Iterable[Phrase]:
    return (phrase for part in text.split(";") if (phrase := words_of(part)))


def _titles(raw: Mapping[str, str]) -> dict[Phrase, tuple[Phrase, ...]]:
    return {name: tuple(_phrases(titles)) for names, titles in raw.items() for name in _phrases(names)}


def _of_others(phrases: Iterable[Phrase]) -> frozenset[Phrase]:
    """What somebody says of themselves, said of others: "scares me", "scares them"."""
    return frozenset(
        (*phrase[:-1], other) for phrase in phrases if phrase[-1] == "me" for other in ("us", "them", "him", "her")
    )


def _by_phrase(raw: Mapping[str, Any], make: Any) -> dict[Phrase, Any]:
    """Earlier entries keep their phrases."""
    found: dict[Phrase, Any] = {}
    for name, entry in raw.items():
        for phrase in _phrases(entry["words"]):
            found.setdefault(phrase, make(name, entry))
    return found


def _scale(name: str, raw: Mapping[str, Any]) -> Scale:
    return Scale(name, tuple(raw["attributes"].split()), raw.get("above"), raw.get("below"), raw["very"])


def _comparative(name: str, raw: Mapping[str, Any]) -> Comparative:
    return Comparative(name, tuple(raw["attributes"].split()), raw["side"] == "above")


def _mood(name: str, raw: Mapping[str, Any]) -> Mood:
    return Mood(name, tuple(raw["want"].split()), tuple(raw["avoid"].split()), raw.get("first", False))


def _places(raw: Mapping[str, Any]) -> dict[Phrase, PlaceNames]:
    named: dict[Phrase, list[str]] = {}
    for country, text in raw["countries"].items():
        for phrase in _phrases(text):
            named.setdefault(phrase, []).append(country)
    found = {phrase: PlaceNames(tuple(countries)) for phrase, countries in named.items()}
    for region in raw["regions"].values():
        excluded = "not_countries" in region
        for phrase in _phrases(region["words"]):
            found[phrase] = PlaceNames(tuple(region["not_countries" if excluded else "countries"]), excluded)
    return found
