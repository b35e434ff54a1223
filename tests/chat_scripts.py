"""Twelve conversations of four turns about the films of film_bundle.py, each with what must hold after every turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Any]
"""An item as the answer to `POST /chat` holds it."""


@dataclass(frozen=True)
class Must:
    """What holds of the list after a turn.

    Attributes:
        any_of, none_of: genres.
        shorter, newer: than the middle of the list before.
        without: places of the list before, from 0, whose items are gone.
        others: no item of the list before.
        same: the list as it was.
        like: the place of the list before whose item shares a genre with every item and is gone itself.
        says: part of the reply.
    """

    did: str = "refine"
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    year: tuple[int, int] = (1900, 2100)
    runtime: tuple[int, int] = (0, 1000)
    director: str = ""
    country: str = ""
    shorter: bool = False
    newer: bool = False
    without: tuple[int, ...] = ()
    others: bool = False
    same: bool = False
    like: int | None = None
    says: str = ""

    def faults(self, answer: Mapping[str, Any], before: Sequence[Item]) -> list[str]:
        """What does not hold, in words."""
        items: Sequence[Item] = answer["items"]
        ids, earlier = [item["item_id"] for item in items], [item["item_id"] for item in before]
        found = [] if answer["did"] == self.did else [f"did {answer['did']}"]
        found += [] if items else ["no items"]
        found += [] if self.says in answer["reply"] else [f"said {answer['reply']!r}"]
        for item in items:
            found += self._faults_of(item, before)
        if {earlier[place] for place in self.without} & set(ids):
            found.append("what was turned down is there")
        if self.others and set(ids) & set(earlier):
            found.append("the list before is there again")
        if self.same and ids != earlier:
            found.append("the list has changed")
        return found

    def _faults_of(self, item: Item, before: Sequence[Item]) -> list[str]:
        fields, genres = item["fields"], set(item["fields"]["tags"])
        checks = {
            "genre": not self.any_of or bool(genres & set(self.any_of)),
            "refused genre": not genres & set(self.none_of),
            "year": self.year[0] <= fields["year"] <= self.year[1],
            "runtime": self.runtime[0] <= fields["runtime"] <= self.runtime[1],
            "director": not self.director or self.director in fields["director"],
            "country": not self.country or self.country in fields["country"],
            "length": not self.shorter or fields["runtime"] < _middle(before, "runtime"),
            "age": not self.newer or fields["year"] > _middle(before, "year"),
        }
        if self.like is not None:
            model = before[self.like]
            same = item["item_id"] == model["item_id"]
            checks["likeness"] = not same and bool(genres & set(model["fields"]["tags"]))
        return [f"{name} of {item['title']}" for name, holds in checks.items() if not holds]


def _middle(items: Sequence[Item], name: str) -> float:
    values = sorted(float(item["fields"][name]) for item in items)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


@dataclass(frozen=True)
class Script:
    """One conversation; a stranger's unless it has a user."""

    name: str
    turns: tuple[tuple[str, Must], ...]
    user: str | None = None


OLD, NEW = (1900, 1979), (1980, 2100)
COMEDY, THRILLER, ROMANCE = ("Comedy",), ("Thriller",), ("Romance",)
SCRIPTS = (
    Script(
        "narrowed down",
        (
            ("comedies from 1960 on", Must(any_of=COMEDY, year=(1960, 2100))),
            ("shorter", Must(any_of=COMEDY, year=(1960, 2100), shorter=True)),
            ("not that one", Must("reject", any_of=COMEDY, year=(1960, 2100), without=(0,))),
            ("why the second?", Must("explain", any_of=COMEDY, same=True, says="Comedy")),
        ),
    ),
    Script(
        "more like one",
        (
            ("like Stellar Harbour", Must(any_of=("Sci-Fi", "Thriller"))),
            ("without crime", Must(any_of=("Sci-Fi", "Thriller"), none_of=("Crime",))),
            ("more like the second", Must("resemble", none_of=("Crime",), like=1, says="More like")),
            ("something newer", Must(none_of=("Crime",), newer=True)),
        ),
    ),
    Script(
        "for the kids instead",
        (
            ("something exciting", Must(any_of=("Thriller", "Action", "Adventure"))),
            ("something for the kids instead", Must("instead", any_of=("Children",), none_of=("Thriller", "Horror"))),
            ("shorter", Must(any_of=("Children",), shorter=True)),
            ("start over", Must("restart", says="From the beginning")),
        ),
    ),
    Script(
        "a director",
        (
            ("films by Ada Fellner", Must(director="Ada Fellner")),
            ("no horror", Must(director="Ada Fellner", none_of=("Horror",))),
            ("not the first", Must("reject", director="Ada Fellner", none_of=("Horror",), without=(0,))),
            ("before 1980", Must(director="Ada Fellner", none_of=("Horror",), year=OLD)),
        ),
    ),
    Script(
        "others please",
        (
            ("thrillers", Must(any_of=THRILLER)),
            ("more", Must("others", any_of=THRILLER, others=True)),
            ("none of these", Must("reject", any_of=THRILLER, without=(0, 1, 2, 3))),
            ("not older than 1980", Must(any_of=THRILLER, year=NEW)),
        ),
    ),
    Script(
        "taken back",
        (
            ("French romance", Must(any_of=ROMANCE, country="France")),
            ("never mind the country", Must("drop", any_of=ROMANCE, says="No longer")),
            ("at most 110 minutes", Must(any_of=ROMANCE, runtime=(0, 110))),
            ("any length is fine", Must("drop", any_of=ROMANCE, says="No longer")),
        ),
    ),
    Script(
        "seen already",
        (
            ("westerns", Must(any_of=("Western",))),
            ("I've seen the first and the third", Must("reject", any_of=("Western",), without=(0, 2))),
            ("actually, comedies", Must("instead", any_of=COMEDY)),
            ("what about war films?", Must("instead", any_of=("War",))),
        ),
    ),
    Script(
        "not understood",
        (
            ("horror or comedy", Must(any_of=("Horror", "Comedy"))),
            ("zxqv blorptastic", Must(any_of=("Horror", "Comedy"), same=True, says="zxqv")),
            ("no comedy", Must(any_of=("Horror",), none_of=COMEDY)),
            ("thank you", Must("greet", any_of=("Horror",), same=True)),
        ),
    ),
    Script(
        "one that is known",
        (
            ("hello", Must("greet")),
            ("drama", Must(any_of=("Drama",))),
            ("no war", Must(any_of=("Drama",), none_of=("War",))),
            ("why that one?", Must("explain", any_of=("Drama",), same=True, says="Drama")),
        ),
        user="2",
    ),
    Script(
        "by name",
        (
            ("animated", Must(any_of=("Animation",))),
            ("not Furry Meadow", Must(any_of=("Animation",), did="reject", says="Furry Meadow")),
            ("like Furry Orchard but shorter", Must(any_of=("Animation",), did="resemble")),
            ("start over with crime from the 70s", Must("restart", any_of=("Crime",), year=(1970, 1979))),
        ),
    ),
    Script(
        "numbers",
        (
            ("war films at least 100 minutes long", Must(any_of=("War",), runtime=(100, 1000))),
            ("from the 80s or later", Must(any_of=("War",), runtime=(100, 1000), year=NEW)),
            ("under two hours", Must(any_of=("War",), runtime=(100, 119), year=NEW)),
            ("forget the year", Must("drop", any_of=("War",), runtime=(100, 119))),
        ),
    ),
    Script(
        "taste",
        (
            ("something relaxing", Must(none_of=("Horror", "Thriller", "War", "Crime"))),
            ("not too old", Must(none_of=("Horror", "Thriller", "War", "Crime"), year=(1971, 2100))),
            ("like the second but newer", Must("resemble", like=1)),
            ("without the first", Must("reject", without=(0,))),
        ),
        user="5",
    ),
)  # fmt: skip
