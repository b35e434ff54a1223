"""Work ends within its bounds, and whoever asked goes on."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from components.adapters.machine.bounded_run import bounded_run, spread_over
from components.adapters.machine.side_by_side import side_by_side
from components.benchmarking.bounds import BoundedWork, Done, Run, Steps, Stopped, alone
from components.recommenders.protocol import RecommenderError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="work is bounded on Linux alone")
BOUNDED = bounded_run((RecommenderError,), 2_000)


def run(work: Callable[[], Any], seconds: float) -> Done | Stopped:
    return alone(BOUNDED, work, seconds)


def test_what_work_returns_comes_back_from_another_process() -> None:
    found = run(lambda: (os.getpid(), np.arange(1_000_000)), 60)
    assert isinstance(found, Done)
    assert found.value[0] != os.getpid()
    assert found.value[1].sum() == 499_999_500_000
    assert found.peak_mb > 0


def test_work_that_takes_too_long_is_ended() -> None:
    found = run(lambda: time.sleep(600), 0.1)
    assert found == Stopped("more than the 0 s that were left", again=True)
    assert run(lambda: 1, 0) == Stopped("no time is left", again=True)


def test_work_that_holds_too_much_is_ended() -> None:
    def grow() -> None:
        held = [np.ones(1 << 20)]
        while True:
            held.append(np.ones(1 << 20))

    assert alone(bounded_run((), 1_000), grow, 60) == Stopped("more than 1,000 MB of memory")


def test_what_a_work_begins_counts_as_what_it_holds() -> None:
    def begin() -> None:
        for _ in side_by_side(2)([partial(_hold, 100), partial(_hold, 100)]):
            pass

    assert alone(bounded_run((), 1_000), begin, 60) == Stopped("more than 1,000 MB of memory")


def _hold(n: int) -> int:
    held = [np.ones(1 << 20) for _ in range(n)]
    time.sleep(60)
    return len(held)


def test_works_run_at_once_and_what_each_gave_is_sent_to_who_asked() -> None:
    def twice(seconds: float) -> Steps:
        first = yield BoundedWork(partial(_begun_and_ended, seconds), 60)
        assert isinstance(first, Done)
        second = yield BoundedWork(partial(_begun_and_ended, 0), 60)
        assert isinstance(second, Done)
        return first.value, second.value

    found = dict(BOUNDED([Run(twice(0.5)), Run(twice(0.5))], 2))
    assert set(found) == {0, 1}
    (began, ended), _ = found[0]
    (other_began, other_ended), _ = found[1]
    assert began < other_ended
    assert other_began < ended


def test_one_that_leaves_no_memory_for_another_runs_alone() -> None:
    def once() -> Steps:
        outcome = yield BoundedWork(partial(_begun_and_ended, 0.1), 60)
        assert isinstance(outcome, Done)
        return outcome.value

    found = dict(BOUNDED([Run(once(), 1_500), Run(once(), 1_500)], 2))
    assert found[0][1] <= found[1][0]


def _begun_and_ended(seconds: float) -> tuple[float, float]:
    began = time.monotonic()
    time.sleep(seconds)
    return began, time.monotonic()


def test_a_refusal_and_a_want_of_memory_are_reasons() -> None:
    def refuse() -> None:
        raise RecommenderError("too many items")

    assert run(refuse, 60) == Stopped("too many items")
    assert run(lambda: np.ones(1 << 50), 60) == Stopped("not enough memory")
    assert run(lambda: os._exit(1), 60) == Stopped("not enough memory: the system ended it")


def test_any_other_error_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 // 0, 60)


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
