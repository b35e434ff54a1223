"""What is made smaller says that it takes less, and what fits stays as it is."""

from __future__ import annotations

import pytest

from components.recommenders.needs import Size
from components.recommenders.registry import RECOMMENDERS, kinds_in

LARGE = Size(users=50_000, items=17_000, interactions=2_000_000, item_pairs=3e8, user_pairs=2e9)
CONFIGS = [settings.model_validate({}) for settings in kinds_in(RECOMMENDERS).values()]
GIVES = {
    "lightfm",
    "mult_dae",
    "ials",
    "ease",
    "ease_valued",
    "user_ease",
    "next_items",
    "user_neighbours",
    "session",
    "nearby_items",
}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)
def test_with_a_tenth_of_the_time_less_is_taken_where_something_can_be_given_up(config) -> None:  # type: ignore[no-untyped-def]
    whole = config.needs(LARGE)
    assert config.within(LARGE, whole.seconds, whole.megabytes) == config
    smaller = config.within(LARGE, whole.seconds / 10)
    assert (smaller != config) == (config.kind in GIVES)
    if smaller != config:
        assert smaller.needs(LARGE).seconds < whole.seconds / 2


@pytest.mark.parametrize("kind", ["ease", "ease_valued", "user_ease", "next_items", "nearby_items", "session"])
def test_what_would_need_too_much_memory_is_made_to_fit_it(kind: str) -> None:
    config = next(each for each in CONFIGS if each.kind == kind)
    whole = config.needs(LARGE)
    smaller = config.within(LARGE, float("inf"), 0.7 * whole.megabytes)
    assert smaller.needs(LARGE).megabytes <= 0.8 * whole.megabytes
