"""Works that run at once give what they give one after the other, in their order, and leave nothing behind."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from functools import partial

import numpy as np
import pytest

from components.adapters.machine.side_by_side import processes_for, side_by_side
from components.recommenders.protocol import RecommenderError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="works are forked on Linux alone")


def test_outcomes_come_in_the_order_of_the_works_whichever_ends_first() -> None:
    def work(place: int) -> tuple[int, int]:
        time.sleep(0.2 if place == 0 else 0)
        return place, os.getpid()

    found = list(side_by_side(3)([partial(work, place) for place in range(7)]))
    assert [place for place, _ in found] == list(range(7))
    processes = {process for _, process in found}
    assert len(processes) == 7
    assert os.getpid() not in processes


def test_a_work_sees_what_there_is_and_changes_nothing_of_it() -> None:
    rows = np.arange(1_000_000)

    def work() -> int:
        rows[0] = 7
        return int(rows.sum())

    assert list(side_by_side(2)([work, work])) == [499_999_500_007] * 2
    assert rows[0] == 0


def test_with_one_process_works_run_here_when_they_are_asked_for() -> None:
    told: list[int] = []

    def work(place: int) -> int:
        told.append(place)
        return os.getpid()

    run = side_by_side(1)([partial(work, place) for place in range(3)])
    assert next(run) == os.getpid()
    assert told == [0]
    run.close()
    assert told == [0]


def test_an_error_is_raised_and_ends_the_others() -> None:
    def refuse() -> None:
        raise RecommenderError("too many items")

    run = side_by_side(2)([refuse, partial(time.sleep, 600), partial(time.sleep, 600)])
    with pytest.raises(RecommenderError, match="too many items"):
        next(run)
    assert multiprocessing.active_children() == []


def test_what_cannot_be_sent_is_named() -> None:
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        list(side_by_side(2)([lambda: lambda: 1, os.getpid]))


def test_whoever_stops_asking_ends_the_others() -> None:
    run = side_by_side(2)([os.getpid, partial(time.sleep, 600)])
    next(run)
    assert "work 1" in {child.name for child in multiprocessing.active_children()}
    run.close()
    assert multiprocessing.active_children() == []


def test_a_process_that_the_system_ended_is_named() -> None:
    run = side_by_side(2)([partial(os._exit, 1), os.getpid])
    with pytest.raises(MemoryError, match="ended by the system"):
        list(run)


def test_little_memory_leaves_one_process() -> None:
    assert processes_for(1e9) == 1
    assert 1 <= processes_for(1) <= len(os.sched_getaffinity(0))
