"""Purses fill at their rate, never beyond their limit, and each is one's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.serving.allowance import Allowance
from tests.garbage import looked_at


def test_a_full_purse_is_spent_and_fills_again() -> None:
    allowance = Allowance(per_second=2.0, burst=10)
    assert allowance.take("a", 10, now=0.0) == 0.0
    assert allowance.take("a", 4, now=0.0) == 2.0
    assert allowance.take("b", 10, now=0.0) == 0.0
    assert allowance.take("a", 4, now=2.0) == 0.0
    assert allowance.take("a", 10, now=1_000.0) == 0.0
    assert allowance.take("a", 1, now=1_000.0) == 0.5


def test_more_than_a_purse_holds_is_never_given() -> None:
    allowance = Allowance(per_second=2.0, burst=10)
    assert allowance.take("a", 11, now=0.0) > 0
    assert allowance.take("a", 11, now=1e9) > 0
    assert allowance.take("a", 10, now=1e9) == 0.0


def test_what_was_spent_already_counts_and_may_be_more_than_there_was() -> None:
    allowance = Allowance(per_second=1.0, burst=10)
    assert not allowance.is_spent("a", now=0.0)
    allowance.spend("a", 15, now=0.0)
    assert allowance.is_spent("a", now=4.0)
    assert not allowance.is_spent("a", now=6.0)
    assert not allowance.is_spent("b", now=0.0)


def test_only_so_many_names_are_remembered() -> None:
    allowance = Allowance(per_second=1.0, burst=1, max_names=2)
    for name in "abc":
        assert allowance.take(name, 1, now=0.0) == 0.0
    assert allowance.take("c", 1, now=0.0) > 0
    assert allowance.take("a", 1, now=0.0) == 0.0


def test_the_garbage_collector_looks_at_as_much_whatever_the_number_of_names() -> None:
    few, many = Allowance(per_second=1.0, burst=10), Allowance(per_second=1.0, burst=10)
    for n in range(1_000):
        assert (few if n < 5 else many).take(f"127.0.0.{n}", 1, now=0.5 * n) == 0.0
    assert looked_at(many) == looked_at(few)


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 10)), max_size=50))
def test_nobody_gets_more_than_the_burst_and_the_rate(asked: list[tuple[float, int]]) -> None:
    allowance, now, given_out = Allowance(per_second=3.0, burst=10), 0.0, 0.0
    for pause, amount in asked:
        now += pause
        if allowance.take("a", amount, now) == 0.0:
            given_out += amount
    assert given_out <= 10 + 3.0 * now + 1e-6


@pytest.mark.parametrize(("per_second", "burst"), [(0.0, 1.0), (1.0, 0.5)])
def test_a_purse_that_gives_nothing_is_refused(per_second: float, burst: float) -> None:
    with pytest.raises(ValueError, match="purse"):
        Allowance(per_second, burst)
