"""With keys on, a whole stack promotes and answers, and a key that is taken back opens nothing in either slot."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from components.adapters.files.stack_secret import prefect_login
from components.config.settings import Settings
from jobs.access.manage_keys import make, revoke
from jobs.stack.environment import stack_environment
from jobs.stack.programs import programs
from jobs.wiring.workbench import Workbench
from tests.free_ports import free_ports
from tests.stack.small_stack import SmallStack

pytestmark = pytest.mark.slow


@pytest.fixture
def guarded(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallStack]:
    monkeypatch.setenv("RECOPS_KEYS", "on")
    stack = SmallStack(tmp_path_factory.mktemp("guarded"))
    stack.start()
    yield stack
    stack.supervisor.shut_down()
    stack.bench.close()


def test_a_key_opens_the_gateway_until_it_is_taken_back_in_both_slots(guarded: SmallStack) -> None:
    for _ in range(2):
        guarded.promote()
    key = make(guarded.bench, "shop", "server", None, time.time(), "test")
    good = {"authorization": f"Bearer {key.text}"}
    gateway, body = f"{guarded.settings.gateway_url}/recommend", {"user_id": "8"}
    slots = [f"{url}/recommend" for slot in ("blue", "green") for url in guarded.settings.slot_urls(slot)]
    time.sleep(1.0)
    assert httpx.post(gateway, json=body).status_code == 401
    assert httpx.post(gateway, json=body, headers={"x-recops-probe": "default"}).status_code == 401
    for url in (gateway, *slots):
        assert httpx.post(url, json=body, headers=good).status_code == 200
    revoke(guarded.bench, key.key.key_id, time.time(), "test")
    time.sleep(1.0)
    for url in (gateway, *slots):
        assert httpx.post(url, json=body, headers=good).status_code == 401


def test_prefect_starts_nothing_for_who_does_not_know_its_password(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    with Workbench(Settings(home=tmp_path / "home", keys="on", prefect_port=port)) as bench:
        settings, api = bench.settings, bench.prefect
        program = next(each for each in programs(bench) if each.name == "prefect-server")
        environment = {**stack_environment(settings), **program.environment}
        server = subprocess.Popen(program.command, cwd=settings.root, env=environment)
        try:
            deadline = time.monotonic() + 120
            while not api.is_healthy():
                assert time.monotonic() < deadline
                time.sleep(0.2)
            api.make_pool("ours")
            url = f"{settings.prefect_api_url}/work_pools/"
            pool = {"name": "theirs", "type": "process"}
            assert httpx.post(url, json=pool).status_code == 401
            assert httpx.post(url, json=pool, auth=("recops", "")).status_code == 401
            user, _, password = str(prefect_login(settings)).partition(":")
            there = httpx.post(f"{url}filter", json={}, auth=(user, password)).json()
            assert [pool["name"] for pool in there] == ["ours"]
        finally:
            server.terminate()
            server.wait(30)
            api.close()
