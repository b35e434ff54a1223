"""What was logged of an experiment becomes sums per user: only what counts, each thing once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.experiments.log import read_experiment_log, read_traffic_log
from components.experiments.experiment_log import UserTotals, total_by_user
from tests.experiment_worlds import DAY, START, event_row, exposure_row, request_row, write

VARIANTS = ("control", "varied")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    migrate(url)
    engine = open_engine(url)
    yield engine
    engine.dispose()


def totals(store: Engine, until: float = START + 30 * DAY) -> UserTotals:
    return total_by_user(read_experiment_log(store, "exp-1", VARIANTS, until))


def test_the_sums_of_one_user_are_what_happened(store: Engine) -> None:
    asked = [
        request_row("r1", "a", START, "control", timings_ms={"total": 3.0}, cost_usd=0.5),
        request_row("r2", "a", START + 60, "control", degraded=True),
        request_row("r3", "a", START + 7_200, "control"),
    ]
    did = [
        event_row("a", "i0", START + 5, "r1"),
        event_row("a", "i0", START + 6, "r1"),  # a second click on it
        event_row("a", "i2", START + 7, "r1"),
        event_row("a", "i1", START + 65, "r2"),
        event_row("a", "i1", START + 70, "r2", type="purchase", value=4.0),
        event_row("a", "elsewhere", START + 7_210, None, type="purchase", value=1.5),
    ]
    write(store, asked, did, [exposure_row("a", "control", START)])
    found = totals(store)
    assert (found.requests[0], found.impressions[0], found.clicks[0], found.hits[0]) == (3, 30, 3, 2)
    ideal = 1 + 1 / np.log2(3)
    assert found.ndcg[0] == pytest.approx((1 + 1 / np.log2(4)) / ideal + 1 / np.log2(3))
    assert (found.buyers[0], found.revenue[0]) == (1, 5.5)
    assert (found.sessions[0], found.actions[0]) == (2, 9)
    assert (found.latency_ms[0], found.cost_usd[0], found.failed[0]) == (7.0, 0.5, 1)


def test_what_a_canary_answered_and_what_came_of_it_is_left_out(store: Engine) -> None:
    asked = [
        request_row("r1", "a", START, "control"),
        request_row("r2", "a", START + 60, "varied", canary=True, release_id="release-2"),
    ]
    did = [event_row("a", "i0", START + 65, "r2"), event_row("a", "i0", START + 66, "r2", type="purchase", value=9.0)]
    write(store, asked, did, [exposure_row("a", "control", START)])
    log = read_experiment_log(store, "exp-1", VARIANTS, START + DAY)
    found = total_by_user(log)
    assert (found.requests[0], found.clicks[0], found.revenue[0], log.switched) == (1, 0, 0, 0)


def test_late_feedback_joins_its_request_and_what_came_before_is_a_covariate(store: Engine) -> None:
    before = {"experiments": None, "variant": "default"}
    asked = [
        request_row("old", "a", START - 3 * DAY, **before),
        request_row("r1", "a", START, "control"),
        request_row("r2", "b", START, "varied"),
    ]
    did = [
        event_row("a", "i1", START - 3 * DAY + 5, "old"),
        event_row("a", "i0", START + 9 * 3_600, "r1"),
    ]
    write(store, asked, did, [exposure_row("a", "control", START), exposure_row("b", "varied", START, n_known=0)])
    found = totals(store)
    assert found.requests.tolist() == [1, 1]
    assert found.clicks.tolist() == [1, 0]
    np.testing.assert_array_equal(found.before[:, :2], [[1, 1], [np.nan, np.nan]])
    np.testing.assert_allclose(found.before[:, 2], np.log1p([20, 0]))


def test_answers_of_another_variant_than_the_first_are_left_out_and_counted(store: Engine) -> None:
    asked = [request_row("r1", "a", START, "control"), request_row("r2", "a", START + 60, "varied")]
    write(store, asked, (), [exposure_row("a", "control", START)])
    log = read_experiment_log(store, "exp-1", VARIANTS, START + DAY)
    assert (int(log.inside.sum()), log.switched) == (1, 1)


def test_nothing_after_the_moment_of_reading_counts(store: Engine) -> None:
    asked = [request_row("r1", "a", START, "control"), request_row("r2", "a", START + DAY, "control")]
    exposed = [exposure_row("a", "control", START), exposure_row("b", "varied", START + DAY)]
    write(store, asked, (), exposed)
    assert totals(store, START + 60).requests.tolist() == [1]
    assert totals(store).requests.tolist() == [2, 0]


def test_releases_become_indicators(store: Engine) -> None:
    releases = ["release-1", "release-1", "release-2"]
    exposed = [
        exposure_row(f"u{n}", VARIANTS[n % 2], START + n, release_id=release) for n, release in enumerate(releases)
    ]
    asked = [request_row(f"r{n}", f"u{n}", START + n, VARIANTS[n % 2]) for n in range(3)]
    write(store, asked, (), exposed)
    assert totals(store).before[:, 3].tolist() == [0, 0, 1]


def test_all_traffic_is_read_as_one_variant_for_planning(store: Engine) -> None:
    plain = {"experiments": None, "variant": "default"}
    asked = [request_row(f"r{n}", f"u{n % 3}", START + n, **plain) for n in range(7)]
    write(store, asked, [event_row("u0", "i0", START + 20, "r0")])
    log = read_traffic_log(store, START, START + DAY)
    found = total_by_user(log)
    assert found.requests.tolist() == [3, 2, 2]
    assert found.clicks.tolist() == [1, 0, 0]
