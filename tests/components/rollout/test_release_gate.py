"""Laws of the gate before anything is started."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.config.promotion import ReleaseGate
from components.rollout.release_gate import SECONDS_PER_DAY, CleanStart, ReleaseFindings, judge_release

LIMITS = ReleaseGate(max_size_mb=500, max_memory_mb=2000, max_data_age_days=30, start_timeout_seconds=60)
NOW = 100 * SECONDS_PER_DAY
START = CleanStart(answers=21, expected=21, index_recall=0.95, peak_mb=300, seconds=1.0)
GOOD = ReleaseFindings((), START, 12.0, NOW - SECONDS_PER_DAY, ("ndcg_at_10 beats popularity",))


def failed(found: ReleaseFindings, **limits: object) -> list[str]:
    return [c.name for c in judge_release(found, 0.9, LIMITS.model_copy(update=limits), NOW) if not c.passed]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (GOOD, []),
        (replace(GOOD, start=replace(START, index_recall=None)), []),
        (replace(GOOD, start=replace(START, index_recall=0.89)), ["index_recall"]),
        (replace(GOOD, start=replace(START, answers=20)), ["answers"]),
        (replace(GOOD, start=replace(START, answers=0, expected=0)), ["answers"]),
        (replace(GOOD, start=replace(START, peak_mb=2001)), ["memory"]),
        (replace(GOOD, start="BundleError: index.ann is damaged"), ["loads"]),
        (replace(GOOD, damaged=("a is missing",), start=None), ["files"]),
        (replace(GOOD, size_mb=501), ["size"]),
        (replace(GOOD, data_at=NOW - 31 * SECONDS_PER_DAY), ["data_age"]),
        (replace(GOOD, data_at=None), ["data_age"]),
    ],
)
def test_each_limit_refuses_for_itself_alone(found: ReleaseFindings, expected: list[str]) -> None:
    assert failed(found) == expected


def test_no_limit_of_age_takes_any_data() -> None:
    assert failed(replace(GOOD, data_at=0.0), max_data_age_days=None) == []
    assert failed(replace(GOOD, data_at=None), max_data_age_days=None) == []


def test_what_the_gate_of_the_model_said_is_kept() -> None:
    (said, *_) = judge_release(GOOD, 0.9, LIMITS, NOW)
    assert (said.name, said.explanation) == ("model", "ndcg_at_10 beats popularity")
