"""Holm's adjusted p-values: the textbook's, in any order, with rare false alarms."""

from __future__ import annotations

import numpy as np
import pytest

from components.experiments.holm import adjust_together


def test_the_example_is_adjusted_step_by_step() -> None:
    adjusted = adjust_together({"cost": 0.04, "latency": 0.01, "errors": 0.03})
    # 3 * .01, then 2 * .03, then .04 raised to the one before.
    assert list(adjusted) == ["cost", "latency", "errors"]
    assert adjusted == pytest.approx({"latency": 0.03, "errors": 0.06, "cost": 0.06})


def test_one_question_is_left_alone_and_none_gives_none() -> None:
    assert adjust_together({"cost": 0.04}) == {"cost": 0.04}
    assert adjust_together({}) == {}


def test_no_adjusted_value_exceeds_one() -> None:
    assert adjust_together({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}


def test_any_false_alarm_among_ten_questions_is_as_rare_as_the_level() -> None:
    rng = np.random.default_rng(0)
    alarms = sum(
        min(adjust_together({str(i): p for i, p in enumerate(rng.random(10).tolist())}).values()) <= 0.05
        for _ in range(2_000)
    )
    assert alarms / 2_000 <= 0.05 + 4 * (0.05 * 0.95 / 2_000) ** 0.5
