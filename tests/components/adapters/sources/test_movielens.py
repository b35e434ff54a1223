from __future__ import annotations

from benchmarks.stated_params import stated
from components.adapters.sources.movielens import MovieLensSource
from components.config.ingest import IngestConfig
from components.interactions.screening import screen

CONFIG = stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0, implicit_value=5.0)


def test_the_demo_shows_the_past_of_every_user_and_all_films() -> None:
    source = MovieLensSource()
    result = screen(source.read(), CONFIG)
    assert len(result.interactions) == 80_248
    assert len(result.users) == 671
    assert len(result.items) == 9_061
    heat = result.items.set_index("item_id").loc["6"]
    assert (heat["title"], heat["category"], heat["tags"]) == ("Heat (1995)", "Action", "Action|Crime|Thriller")


def test_ratings_of_films_without_a_title_are_quarantined() -> None:
    result = screen(MovieLensSource().read(), CONFIG)
    assert result.reasons_of("items") == {}
    assert result.reasons_of("interactions") == {"unknown item": 3}
    assert result.bad_share_of("items") < 0.001


def test_shown_and_future_are_all_ratings_and_no_rating_is_both() -> None:
    source = MovieLensSource()
    shown, future = source.read().interactions, source.future()
    assert len(shown) + len(future) == 100_004
    assert not set(shown.index) & set(future.index)
    last_shown = shown.groupby("user_id")["timestamp"].max()
    assert (future.groupby("user_id")["timestamp"].min() >= last_shown).all()
