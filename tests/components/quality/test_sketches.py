"""What the small summaries promise."""

from __future__ import annotations

import numpy as np
import pytest

from components.quality.sketches import bins_of, distinct, quantile, sketch_of


@pytest.mark.parametrize(("n", "tolerance"), [(0, 0.0), (1, 0.01), (900, 0.02), (9_000, 0.03), (30_000, 0.05)])
def test_a_distinct_count_is_about_right(n: int, tolerance: float) -> None:
    hashes = np.random.default_rng(0).integers(0, 2**63, n).astype(np.uint64)
    assert distinct(sketch_of(np.concatenate([hashes, hashes]))) == pytest.approx(n, rel=tolerance)


def test_sketches_of_parts_are_the_sketch_of_the_whole() -> None:
    hashes = np.random.default_rng(0).integers(0, 2**63, 500).astype(np.uint64)
    assert (sketch_of(hashes[:300]) | sketch_of(hashes[200:]) == sketch_of(hashes)).all()


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_a_quantile_is_off_by_a_twentieth_at_most(share: float) -> None:
    times = np.random.default_rng(0).lognormal(3, 1, 20_000)
    assert quantile(bins_of(times), share) == pytest.approx(np.quantile(times, share), rel=0.05)


def test_stages_that_did_not_run_have_no_time() -> None:
    assert bins_of(np.array([np.nan, np.nan])) == {}
    assert np.isnan(quantile({}, 0.5))


def test_half_of_two_times_lies_at_the_lower() -> None:
    assert quantile(bins_of(np.array([10.0, 1000.0])), 0.5) == pytest.approx(10, rel=0.03)
