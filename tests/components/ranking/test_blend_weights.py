"""The weights of a blend: what speaks for what was liked has them, and nothing else moves them."""

from __future__ import annotations

import numpy as np
import pytest

from components.ranking.blend_weights import learn_weights, opinions_in
from components.ranking.learned_ranker import Examples

N_USERS, N_ITEMS = 300, 40
NAMES = ("a", "b")


def examples(scores: list[np.ndarray], wanted: np.ndarray) -> Examples:
    columns = [*scores, np.full(wanted.shape, np.nan)]
    names = (*(f"score of {name}" for name in NAMES), "years old")
    items = np.tile(np.arange(N_ITEMS, dtype=np.int32), (len(wanted), 1))
    return Examples(names, np.stack(columns, axis=2).astype(np.float32), items, wanted)


def drawn(says: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each of two generators says, with errors of their own, and the best item of each user."""
    rng = np.random.default_rng(1)
    truth = rng.standard_normal((N_USERS, N_ITEMS))
    first, second = (truth * share + rng.standard_normal(truth.shape) for share in (1.0, says))
    return first, second, truth == truth.max(axis=1, keepdims=True)


def weights_of(*parts: Examples) -> dict[str, float]:
    return learn_weights([opinions_in(part, NAMES, np.arange(len(part.items))) for part in parts], NAMES)


def test_generators_that_are_as_good_weigh_alike_and_together_one() -> None:
    first, second, wanted = drawn()
    weights = weights_of(examples([first, second], wanted))
    assert weights == {"a": pytest.approx(0.5, abs=0.07), "b": pytest.approx(0.5, abs=0.07)}
    assert sum(weights.values()) == pytest.approx(1)


def test_noise_weighs_next_to_nothing_and_what_speaks_against_nothing() -> None:
    first, noise, wanted = drawn(says=0.0)
    assert weights_of(examples([first, noise], wanted)).get("b", 0.0) < 0.07
    first, against, wanted = drawn(says=-1.0)
    assert weights_of(examples([first, against], wanted)) == {"a": 1.0}


def test_the_scale_of_a_generator_is_made_up_for() -> None:
    first, second, wanted = drawn()
    usual, tenfold = (weights_of(examples([first, times * second], wanted)) for times in (1, 10))
    assert tenfold["b"] / tenfold["a"] == pytest.approx(usual["b"] / usual["a"] / 10, rel=0.05)


def test_places_without_a_candidate_count_for_nothing() -> None:
    first, second, wanted = drawn()
    whole = examples([first, second], wanted)
    padded = Examples(
        whole.names,
        np.pad(whole.features, [(0, 0), (0, 5), (0, 0)], constant_values=50),
        np.pad(whole.items, [(0, 0), (0, 5)], constant_values=-1),
        np.pad(whole.wanted, [(0, 0), (0, 5)]),
    )
    assert weights_of(padded) == weights_of(whole)


def test_parts_are_learnt_from_together_whatever_their_widths() -> None:
    first, second, wanted = drawn()
    whole = examples([first, second], wanted)
    halves = [Examples(whole.names, whole.features[some], whole.items[some], whole.wanted[some]) for some in _halves()]
    assert weights_of(*halves) == weights_of(whole)
    narrow = halves[1].first(N_ITEMS - 10)
    assert sum(weights_of(halves[0], narrow).values()) == pytest.approx(1)


def _halves() -> list[slice]:
    return [slice(0, N_USERS // 2), slice(N_USERS // 2, None)]


def test_where_nothing_is_wanted_or_nothing_speaks_for_it_there_are_no_weights() -> None:
    first, second, wanted = drawn()
    assert weights_of(examples([first, second], np.zeros_like(wanted))) == {}
    assert weights_of(examples([-first, -second], wanted)) == {}
    assert learn_weights([], NAMES) == {}
