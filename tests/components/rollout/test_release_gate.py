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


@pytest.mark.parametrize(
    "found",
    [
        replace(GOOD, size_mb=500),
        replace(GOOD, start=replace(START, peak_mb=2000)),
        replace(GOOD, start=replace(START, index_recall=0.9)),
        replace(GOOD, data_at=NOW - 30 * SECONDS_PER_DAY),
    ],
)
def test_the_limits_themselves_are_allowed(found: ReleaseFindings) -> None:
    assert failed(found) == []


def test_each_check_says_what_was_found() -> None:
    said = {check.name: check.explanation for check in judge_release(GOOD, 0.9, LIMITS, NOW)}
    assert said["files"] == "every file is as it was built"
    assert said["size"] == "12.0 MB, at most 500"
    assert said["answers"] == "21 of 21 answers equal those computed offline"
    assert said["index_recall"] == "index recall 0.950, at least 0.9"
    assert said["memory"] == "300 MB at most while it answers, at most 2000"
    assert said["data_age"] == "its data was taken in 1.0 days ago, at most 30"
    damaged = replace(GOOD, damaged=("a is missing", "b differs"))
    assert "a is missing; b differs" in [check.explanation for check in judge_release(damaged, 0.9, LIMITS, NOW)]
    exact = replace(GOOD, start=replace(START, index_recall=None))
    assert "exact search" in [check.explanation for check in judge_release(exact, 0.9, LIMITS, NOW)]
