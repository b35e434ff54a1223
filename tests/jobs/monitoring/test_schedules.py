"""A schedule that cannot fire is named with what keeps it, and one that can is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from components.adapters.prefect_api import PoolWorker, PrefectApi, ScheduledDeployment
from jobs.monitoring.schedules import faults_of, read_schedules
from tests.free_ports import free_ports

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOURLY = ScheduledDeployment("monitor/default", "5 * * * *", True, NOW + timedelta(minutes=5), None, None)
WORKER = PoolWorker("local", True, NOW - timedelta(seconds=20))


def test_a_schedule_with_a_run_ahead_and_a_worker_is_well() -> None:
    assert faults_of([HOURLY], [WORKER], NOW) == []
    assert faults_of([replace(HOURLY, next_run=NOW - timedelta(minutes=1))], [WORKER], NOW) == []


def test_a_scheduler_that_plans_nothing_is_named() -> None:
    (fault,) = faults_of([replace(HOURLY, next_run=None), HOURLY], [WORKER], NOW)
    assert fault.startswith("Prefect's scheduler plans no run of monitor/default:")


def test_a_schedule_that_is_off_plans_nothing_rightly() -> None:
    assert faults_of([replace(HOURLY, active=False, next_run=None)], [], NOW) == []


def test_a_run_that_is_late_is_named_with_its_time() -> None:
    (fault,) = faults_of([replace(HOURLY, next_run=NOW - timedelta(minutes=55))], [WORKER], NOW)
    assert "monitor/default of 2026-11-27 11:05 UTC" in fault


def test_a_missing_worker_and_a_foreman_that_sleeps_are_told_apart() -> None:
    silent = replace(WORKER, last_heartbeat=NOW - timedelta(hours=1))
    (gone,) = faults_of([HOURLY], [replace(silent, online=False)], NOW)
    assert gone.startswith("no worker")
    assert [fault.split()[0] for fault in faults_of([HOURLY], [silent], NOW)] == ["no", "Prefect's"]
    (foreman,) = faults_of([HOURLY], [WORKER, replace(silent, name="old")], NOW)
    assert "foreman still calls old online" in foreman


def test_a_server_that_does_not_answer_is_the_fault() -> None:
    api = PrefectApi(f"http://127.0.0.1:{free_ports(1)[0]}/api")
    found = read_schedules(api, "recops", NOW)
    api.close()
    assert found.all == ()
    assert found.faults[0].startswith("schedules are unknown: Prefect does not answer")
