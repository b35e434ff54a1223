"""The demo's films can say who made them, if the extra is there."""

from __future__ import annotations

import importlib.util

import pandas as pd
import pytest

from components.adapters.sources.film_people import describe_films
from components.adapters.sources.movielens import MovieLensSource
from components.interactions.source import SourceError

INSTALLED = importlib.util.find_spec("bokeh_sampledata") is not None
ITEMS = pd.DataFrame({"item_id": ["6", "0"], "title": ["Heat (1995)", "No such film (1995)"]})


@pytest.mark.skipif(INSTALLED, reason="the extra `enrichment` is installed")
def test_without_the_extra_it_is_refused_by_name() -> None:
    with pytest.raises(SourceError, match="enrichment"):
        describe_films(ITEMS)


@pytest.mark.skipif(not INSTALLED, reason="the extra `enrichment` is not installed")
class TestInstalled:
    def test_a_known_film_is_described_and_an_unknown_one_is_not(self) -> None:
        heat, unknown = describe_films(ITEMS)["description"]
        assert heat.startswith("Director: Michael Mann. Cast: ")
        assert "Al Pacino" in heat
        assert unknown == ""

    def test_the_items_given_are_unchanged(self) -> None:
        before = ITEMS.copy()
        describe_films(ITEMS)
        pd.testing.assert_frame_equal(ITEMS, before)

    def test_most_films_of_the_demo_are_described_and_nothing_else_changes(self) -> None:
        plain, described = MovieLensSource().read(), MovieLensSource(described=True).read()
        assert (described.items["description"] != "").mean() > 0.8
        pd.testing.assert_frame_equal(described.items.drop(columns="description"), plain.items)
        pd.testing.assert_frame_equal(described.interactions, plain.interactions)
