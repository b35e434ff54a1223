"""The demo's films say who made them, where, and how long they are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.stated_params import stated
from components.adapters.sources.film_people import with_film_facts
from components.adapters.sources.movielens import MovieLensSource
from components.config.ingest import IngestConfig
from components.interactions.attribute_columns import attributes_of
from components.interactions.screening import screen

CONFIG = stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0, implicit_value=5.0)
ITEMS = pd.DataFrame({"item_id": ["6", "0"], "title": ["Heat (1995)", "No such film (1995)"]}, index=[7, 3])


def test_of_a_known_film_much_is_known_and_of_an_unknown_one_nothing() -> None:
    heat, unknown = with_film_facts(ITEMS).to_dict("records")
    assert heat["director"] == "Michael Mann"
    assert "Al Pacino" in heat["cast"].split("|")
    assert heat["runtime"] == 170
    assert heat["country"] == "United States"
    assert np.isnan(unknown["runtime"])
    assert unknown["director"] == unknown["language"] == ""


def test_the_items_given_are_unchanged() -> None:
    before = ITEMS.copy()
    with_film_facts(ITEMS)
    pd.testing.assert_frame_equal(ITEMS, before)


def test_most_films_of_the_demo_bring_people_country_and_runtime() -> None:
    items = screen(MovieLensSource().read(), CONFIG).items
    known = attributes_of(items)
    shares = {name: sum(name in row for row in known) / len(known) for name in ("year", "cast", "country", "runtime")}
    assert shares["year"] == 1
    assert all(share > 0.75 for share in shares.values()), shares
    inception = known[items["title"].tolist().index("Inception (2010)")]
    assert inception["director"] == ("Christopher Nolan",)
    assert (inception["runtime"], inception["year"]) == (148.0, 2010.0)
