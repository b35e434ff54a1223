"""A comparison within its budget: what is slow keeps nobody else from being measured, and is tried again at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from components.benchmarking.bounds import Done, Run, Stopped
from components.benchmarking.compare import compare
from components.benchmarking.request import BenchmarkRequest
from components.benchmarking.world import ComparedWorld
from components.ranking.works import one_by_one
from tests.components.benchmarking.test_tuning import _missing
from tests.worlds import checkerboard

SLOW = 40.0


class Machine:
    """Runs work in no time, and counts the time that a model `slow` would have taken beside the others' second."""

    def __init__(self, slow: str) -> None:
        self.seconds = 0.0
        self._slow = slow

    def now(self) -> float:
        return self.seconds

    def run(self, runs: Sequence[Run], at_once: int = 1) -> Iterator[tuple[int, Any]]:
        for place, each in enumerate(runs):
            try:
                asked = next(each.steps)
                while True:
                    asked = each.steps.send(self._outcome(asked.work, asked.seconds))
            except StopIteration as end:
                yield place, end.value

    def _outcome(self, work: Callable[[], Any], seconds: float) -> Done | Stopped:
        config = work.args[0] if isinstance(work, partial) else None
        takes = SLOW * getattr(config, "top", 0) / 200 if getattr(config, "kind", "") == self._slow else 1.0
        self.seconds += min(takes, max(seconds, 0.0))
        if takes > seconds:
            return Stopped(f"more than the {seconds:.0f} s that were left", again=True)
        try:
            return Done(work(), takes, 100.0)
        except ValueError as error:
            return Stopped(str(error))


def compared(slow: str, budget: float) -> tuple[list[str], list[str], float]:
    machine, notes = Machine(slow), list[str]()
    request = BenchmarkRequest("random", 5, 0, budget, 5)
    world = ComparedWorld(checkerboard(), _missing())

    def at_once(work: Callable[[Any], Any], rows: Any) -> list[Any]:
        return [work(rows)]

    rows = compare(world, request, machine.run, at_once, lambda _: one_by_one, machine.now, notes.append)
    return [row["model"] for row in rows], notes, machine.seconds


def test_a_slow_model_is_measured_last_by_what_the_budget_leaves() -> None:
    models, notes, seconds = compared("item_to_item", 300)
    assert models[-3:] == ["blend", "pipeline", "item_to_item"]
    assert {"popularity", "ease", "lightfm", "user_neighbours"} <= set(models)
    assert any("item_to_item was measured last" in note for note in notes)
    assert seconds <= 300


def test_what_the_budget_does_not_reach_is_said() -> None:
    models, notes, seconds = compared("item_to_item", 60)
    assert "item_to_item" not in models
    assert "pipeline" in models
    assert sum("item_to_item is left out: more than" in note for note in notes) == 1
    assert seconds <= 60
