"""A wrong split is caught, a right one is left alone, and with too few users nothing is claimed."""

from __future__ import annotations

import math

import pytest

from benchmarks.experiment_trials import catch_uneven
from components.experiments.sample_ratio import RatioHolds, RatioMismatch, RatioUnknown, check_sample_ratio


@pytest.mark.parametrize("users", [13_100, 20_000, 1_000_000])
def test_fifty_two_to_forty_eight_is_caught_from_13100_users_on(users: int) -> None:
    treated = round(users * 0.52)
    found = check_sample_ratio((users - treated, treated), (0.5, 0.5))
    assert isinstance(found, RatioMismatch)
    assert found.p_value < 1e-5
    assert str(treated) in found.reason


def test_the_p_value_is_pearsons() -> None:
    # Two cells of 50 expected, 60 and 40 seen: 100/50 + 100/50 = 4; p = erfc(sqrt(4 / 2)).
    found = check_sample_ratio((60, 40), (0.5, 0.5))
    assert isinstance(found, RatioHolds)
    assert math.isclose(found.p_value, math.erfc(math.sqrt(2)))


def test_a_right_split_is_called_wrong_once_in_a_thousand() -> None:
    # Five standard errors of a share of .001 in 20,000 draws are .0011.
    assert catch_uneven(0, 20_000, 13_100, 0.5) <= 0.0021


def test_uneven_shares_are_held_against_their_own_counts() -> None:
    assert isinstance(check_sample_ratio((9_000, 1_000), (0.9, 0.1)), RatioHolds)
    assert isinstance(check_sample_ratio((5_000, 5_000), (0.9, 0.1)), RatioMismatch)


def test_a_variant_without_users_is_a_mismatch_once_users_were_due() -> None:
    assert isinstance(check_sample_ratio((0, 40), (0.5, 0.5)), RatioMismatch)


def test_few_users_say_nothing() -> None:
    assert check_sample_ratio((0, 9), (0.5, 0.5)) == RatioUnknown(users_needed=10)
    assert check_sample_ratio((0, 0), (0.5, 0.5)) == RatioUnknown(users_needed=10)


def test_a_chance_of_one_in_two_thousand_is_a_mismatch() -> None:
    found = check_sample_ratio((5_175, 4_825), (0.5, 0.5))
    assert isinstance(found, RatioMismatch)
    assert 0.0004 < found.p_value < 0.0006


def test_five_expected_users_are_enough_and_fewer_are_not() -> None:
    assert isinstance(check_sample_ratio((5, 5), (0.5, 0.5)), RatioHolds)
    assert check_sample_ratio((5, 4), (0.5, 0.5)) == RatioUnknown(10)


def test_counts_and_shares_belong_together() -> None:
    with pytest.raises(ValueError, match="zip"):
        check_sample_ratio((50, 50), (0.3, 0.3, 0.4))


def test_the_level_itself_is_no_mismatch() -> None:
    found = check_sample_ratio((60, 40), (0.5, 0.5))
    assert isinstance(check_sample_ratio((60, 40), (0.5, 0.5), level=found.p_value), RatioHolds)  # type: ignore[union-attr]
    assert isinstance(check_sample_ratio((60, 40), (0.5, 0.5), level=1.01 * found.p_value), RatioMismatch)  # type: ignore[union-attr]
