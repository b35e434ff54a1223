"""How often the judge errs, in a small version of benchmarks/canary_detection.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.canary_trials import TRUTHS, Traffic, tally
from components.adapters.files.params_file import read_params

PLAN = read_params(Path(__file__).parents[3] / "params.yaml").promotion.canary


@pytest.mark.parametrize("name", ["3 times slower", "empty for 2 % of users", "ranks at random"])
def test_harm_is_found_by_the_end_of_the_second_step(name: str) -> None:
    assert tally(1, 20, TRUTHS[name], Traffic(), PLAN).by_second_step == 20


def test_a_good_release_is_hardly_ever_sent_back() -> None:
    assert tally(1, 60, TRUTHS["good"], Traffic(), PLAN).sent_back <= 3  # 3 or fewer in 97 % of series at 2 %
