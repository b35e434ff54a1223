"""Two replicas a slot, on PostgreSQL, Redis and S3: a promotion and the death of a replica cost no request."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.replicas import Plan, measure_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]
"""MLflow and the wheel of PostgreSQL warn of themselves."""


def test_promotions_and_a_killed_replica_cost_no_request_and_hide_no_rating(tmp_path: Path) -> None:
    assert (
        measure_in(tmp_path, Plan(rows=4, seconds_per_row=20.0, promote_every=40.0, per_second=20.0, kill=True)) == []
    )
