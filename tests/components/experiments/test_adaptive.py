"""Users go where they still tell something, and a winner is named when it is known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.adaptive_trials import run_adaptive
from components.experiments.adaptive import LEAST_SHARE, Arms, name_winner, next_shares


def arms(*counts: tuple[int, int]) -> Arms:
    return Arms(np.array([users for users, _ in counts]), np.array([rewarded for _, rewarded in counts]))


def test_before_anybody_came_all_variants_get_as_many() -> None:
    shares = next_shares(arms((0, 0), (0, 0), (0, 0), (0, 0)), np.random.default_rng(0))
    assert shares == pytest.approx([0.25] * 4, abs=0.02)


def test_the_leader_gets_half_its_rival_most_of_the_rest_and_nobody_nothing() -> None:
    shares = next_shares(arms((1_000, 120), (1_000, 100), (1_000, 40)), np.random.default_rng(0))
    assert shares[0] == pytest.approx(0.5, abs=0.06)
    assert shares[1] > 0.4
    assert LEAST_SHARE * 0.9 <= shares[2] < 0.05
    assert shares.sum() == pytest.approx(1.0)


def test_a_certain_leader_still_has_a_rival() -> None:
    shares = next_shares(arms((10_000, 5_000), (10_000, 900), (10_000, 800)), np.random.default_rng(0))
    assert shares[0] == pytest.approx(0.5, abs=0.05)
    assert shares[1] > shares[2]


def test_the_statistic_is_the_likelihood_ratio_of_two_rates_to_one() -> None:
    """At 60 and 40 of 100: 2 * 100 * (.6 ln 1.2 + .4 ln .8) = 4.027; the bar is ln((1 + ln 200) / .05) = 4.836."""
    assert name_winner(arms((100, 60), (100, 40)), 0.05) is None
    found = name_winner(arms((100, 65), (100, 40)), 0.05)
    assert found is not None
    assert found.variant == 0
    assert found.statistic == pytest.approx(6.32, abs=0.02)
    assert found.threshold == pytest.approx(4.836, abs=0.001)


def test_every_rival_has_to_be_beaten() -> None:
    assert name_winner(arms((1_000, 300), (1_000, 100), (1_000, 295)), 0.05) is None
    assert name_winner(arms((1_000, 300), (1_000, 100), (0, 0)), 0.05) is None
    assert name_winner(arms((1_000, 0), (1_000, 0)), 0.05) is None


def test_more_certainty_needs_more() -> None:
    counts = arms((100, 65), (100, 40))
    assert name_winner(counts, 0.05) is not None
    assert name_winner(counts, 0.001) is None


def test_a_wrong_one_is_named_at_most_as_often_as_is_said_and_less_is_lost_than_by_equal_shares() -> None:
    """Small; `python -m benchmarks.adaptive_experiments` has the large ones."""
    ends = [run_adaptive(np.random.default_rng([3, run]), (0.1, 0.1, 0.2), 300, 30_000, 0.05) for run in range(60)]
    same = [
        run_adaptive(np.random.default_rng([3, run]), (0.1, 0.1, 0.2), 300, 30_000, 0.05, uniform=True)
        for run in range(60)
    ]
    assert sum(end.named not in (None, 2) for end in ends) <= 3
    assert sum(end.named == 2 for end in ends) >= 57
    assert np.mean([end.lost for end in ends]) < np.mean([end.lost for end in same])


def test_what_is_no_count_is_refused() -> None:
    with pytest.raises(ValueError, match="two variants"):
        arms((5, 1))
    with pytest.raises(ValueError, match="some of the users"):
        arms((5, 6), (5, 1))


def test_a_variant_that_rewards_everybody_or_nobody_has_a_likelihood_too() -> None:
    """All of 100 beside 50 of 100: 100 ln(1 / .75) + 50 ln(.5 / .75) + 50 ln(.5 / .25) = 43.152; 20.8 with 0 and 20."""
    found = name_winner(arms((100, 100), (100, 50)), 0.05)
    assert found is not None
    assert found.statistic == pytest.approx(43.152, abs=0.01)
    none = name_winner(arms((100, 0), (100, 20)), 0.05)
    assert none is not None
    assert none.variant == 1
    assert none.statistic == pytest.approx(100 * np.log(1 / 0.9) + 20 * np.log(2) + 80 * np.log(0.8 / 0.9))


def test_nobody_is_named_where_a_variant_had_nobody_and_counts_that_cannot_be_are_refused() -> None:
    assert name_winner(arms((0, 0), (100, 50)), 0.05) is None
    for counts in (((10, 11), (10, 1)), ((10, -1), (10, 1)), ((10, 1),)):
        with pytest.raises(ValueError):
            arms(*counts)
    with pytest.raises(ValueError, match="two variants"):
        Arms(np.array([1, 2]), np.array([1]))
    assert arms((10, 10), (10, 0)).users.sum() == 20


def test_the_rival_of_a_leader_that_is_never_second_is_the_likeliest_of_the_others() -> None:
    shares = next_shares(arms((10_000, 9_000), (10_000, 900), (10_000, 500), (10_000, 500)), np.random.default_rng(1))
    assert shares == pytest.approx([0.48, 0.48, 0.02, 0.02], abs=0.01)
