"""How figures are written."""

from __future__ import annotations

import math

from components.shadow.figures import number, signed


def test_large_figures_are_whole_small_ones_have_four_digits_and_the_unknown_is_a_dash() -> None:
    assert [number(value) for value in (0.63441, 11629.7, 0.0, math.inf)] == ["0.6344", "11,630", "0", "–"]
    assert [signed(value) for value in (0.05, -40_490_000.0, math.nan)] == ["+0.05", "-40,490,000", "–"]
