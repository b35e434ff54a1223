"""The learning rate rises in a line, then only falls, to 0."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.reranking.tuning.schedule import Fall, LearningRate

FALLS = st.sampled_from(["cosine", "linear"])


@given(st.integers(1, 500), st.floats(0, 0.99), FALLS)
def test_it_never_rises_again_and_ends_at_0(steps: int, warm_up: float, fall: Fall) -> None:
    schedule = LearningRate(1e-3, steps, warm_up, fall)
    rates = [schedule.at(step) for step in range(steps + 1)]
    top = rates.index(max(rates))
    assert rates[top] == pytest.approx(1e-3)
    assert all(earlier < later for earlier, later in pairwise(rates[: top + 1]))
    assert all(earlier > later for earlier, later in pairwise(rates[top:]))
    assert top == int(warm_up * steps)
    assert min(rates[:steps]) > 0
    assert rates[steps] == pytest.approx(0, abs=1e-15)
    assert [schedule.at(step) for step in (steps + 1, 2 * steps, 10 * steps)] == [pytest.approx(0, abs=1e-15)] * 3


def test_the_rise_is_a_line() -> None:
    schedule = LearningRate(1.0, 40, 0.1, "cosine")
    assert [schedule.at(step) for step in range(5)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


def test_a_line_falls_evenly_and_half_a_cosine_slowly_at_both_ends() -> None:
    line, curve = (LearningRate(1.0, 4, 0.0, fall) for fall in ("linear", "cosine"))
    assert [line.at(step) for step in range(5)] == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert [curve.at(step) for step in range(5)] == pytest.approx([1.0, 0.853553, 0.5, 0.146447, 0.0], abs=1e-6)


@pytest.mark.parametrize(("peak", "steps", "warm_up"), [(0.0, 1, 0.0), (1.0, 0, 0.0), (1.0, 5, 1.0), (1.0, 5, -0.1)])
def test_what_is_no_schedule_is_refused(peak: float, steps: int, warm_up: float) -> None:
    with pytest.raises(ValueError, match="a schedule has"):
        LearningRate(peak, steps, warm_up, "cosine")
