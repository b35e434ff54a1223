"""Work ends within its bounds, and whoever asked goes on."""

from __future__ import annotations

import os
import sys
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from components.adapters.machine.bounded_run import bounded_run, spread_over
from components.benchmarking.bounds import Done, Stopped
from components.recommenders.protocol import RecommenderError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="work is bounded on Linux alone")
RUN = bounded_run((RecommenderError,), 2_000)


def test_what_work_returns_comes_back_from_another_process() -> None:
    found = RUN(lambda: (os.getpid(), np.arange(1_000_000)), 60)
    assert isinstance(found, Done)
    assert found.value[0] != os.getpid()
    assert found.value[1].sum() == 499_999_500_000
    assert found.peak_mb > 0


def test_work_that_takes_too_long_is_ended() -> None:
    found = RUN(lambda: time.sleep(600), 0.1)
    assert found == Stopped("more than the 0 s that were left", out_of_time=True)
    assert RUN(lambda: 1, 0) == Stopped("no time is left", out_of_time=True)


def test_work_that_holds_too_much_is_ended() -> None:
    def grow() -> None:
        held = [np.ones(1 << 20)]
        while True:
            held.append(np.ones(1 << 20))

    found = bounded_run((), 1_000)(grow, 60)
    assert found == Stopped("more than 1,000 MB of memory")


def test_a_refusal_and_a_want_of_memory_are_reasons() -> None:
    def refuse() -> None:
        raise RecommenderError("too many items")

    assert RUN(refuse, 60) == Stopped("too many items")
    assert RUN(lambda: np.ones(1 << 50), 60) == Stopped("not enough memory")
    assert RUN(lambda: os._exit(1), 60) == Stopped("not enough memory: the system ended it")


def test_any_other_error_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        RUN(lambda: 1 // 0, 60)


def test_rows_are_spread_in_order() -> None:
    rows = np.arange(5_000)
    parts = spread_over(3)(lambda some: some * 2, rows)
    assert len(parts) == 3
    np.testing.assert_array_equal(np.concatenate(parts), rows * 2)
    assert len(spread_over(3)(lambda some: some, rows[:10])) == 1


def test_linear_algebra_keeps_to_one_thread_in_each_part_and_is_as_before_afterwards() -> None:
    def threads(_: object = None) -> list[int]:
        return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]

    with threadpool_limits(2, "blas"):
        parts = spread_over(2)(threads, np.arange(5_000))
        assert len(parts) == 2
        assert {n for part in parts for n in part} == {1}
        assert set(threads()) == {2}
