"""Evidently's report says what we say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitoring.drift.columns import CATEGORY, NUMBERS
from monitoring.drift.report import write_report


def columns(rng: np.random.Generator, n: int, shift: float, categories: list[float]) -> pd.DataFrame:
    numbers = {name: rng.normal(shift, 1, n) for name in NUMBERS}
    numbers["price"] = np.full(n, np.nan)
    return pd.DataFrame({**numbers, CATEGORY: rng.choice(["a", "b", "c"], n, p=categories)})


@pytest.mark.slow
def test_the_report_shows_our_figure_and_finds_what_moved(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ndcg, earlier = rng.beta(1, 12, 3_000), rng.beta(1, 9, 9_000)
    now, before = columns(rng, 3_000, 1.0, [0.8, 0.1, 0.1]), columns(rng, 6_000, 0.0, [0.3, 0.3, 0.4])
    found = write_report(
        tmp_path, "w", 1_790_000_000.0, ndcg, earlier, now, before, {"ctr": 0.02, "requests": 3_000}, 0.05
    )
    assert found.mean_ndcg == pytest.approx(ndcg.mean(), abs=1e-9)
    assert found.drift["score"] > 0.25
    assert found.drift["category"] > 0.25
    assert "price" not in found.drift
    assert any("ndcg_at_10" in test for test in found.failed_tests)
    assert found.path is not None
    assert json.loads(found.path.read_text())
    same = write_report(tmp_path, "v", 1_790_003_600.0, earlier, earlier, before, before, {}, 0.05)
    assert max(same.drift.values()) < 0.05
    assert same.failed_tests == ()


def test_a_window_without_requests_has_no_report(tmp_path: Path) -> None:
    empty = columns(np.random.default_rng(0), 0, 0.0, [0.4, 0.3, 0.3])
    found = write_report(tmp_path, "w", 0.0, np.zeros(0), np.zeros(0), empty, empty, {}, 0.05)
    assert (found.path, found.drift) == (None, {})


def test_values_that_differ_by_the_noise_of_sums_alone_are_reported_as_equal(tmp_path: Path) -> None:
    empty = columns(np.random.default_rng(0), 0, 0.0, [0.4, 0.3, 0.3])
    ndcg = np.where(np.arange(200) % 3, 1.0, np.nextafter(1.0, 0.0))
    found = write_report(tmp_path, "w", 0.0, ndcg, ndcg, empty, empty, {}, 0.05)
    assert found.mean_ndcg == 1.0
    assert found.path is not None
