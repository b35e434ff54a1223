"""The slot as real processes: it comes back after any kill, and leaves nothing behind."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from bentos.slot import SlotError, await_free_port, read_assignment
from bentos.slot_guard import is_dead
from components.adapters.store.engine import open_engine, reading
from components.adapters.store.tables import requests
from tests.free_ports import free_ports
from tests.slot_process import SlotProcess


def test_a_start_after_any_kill_leaves_one_family_on_the_port(slot: SlotProcess) -> None:
    launcher = slot.start()
    for victims in (("guard", "serve", "worker"), ("guard", "serve"), ("guard",), ("serve",)):
        former = slot.family(launcher)
        for victim in victims:
            former[victim].kill()
        assert launcher.wait(20) != 0
        launcher = slot.start()
        assert all(is_dead(process) for process in former.values())
        assert {process.pid for process in slot.processes()} == pids(slot.family(launcher))
        assert len(slot.ask("/recommend", {"user_id": "8", "k": 3})["items"]) == 3


def pids(family: dict[str, psutil.Process]) -> set[int]:
    return {process.pid for process in family.values()}


def test_a_slot_whose_worker_died_ends_and_refuses_connections_instead_of_holding_them(slot: SlotProcess) -> None:
    launcher = slot.start()
    slot.family(launcher)["worker"].kill()
    assert launcher.wait(5) == 1
    assert slot.processes() == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", slot.settings.blue_port), timeout=5)


def test_a_stopped_slot_has_written_its_log_and_is_gone(slot: SlotProcess) -> None:
    launcher = slot.start()
    before = logged(slot)
    for _ in range(20):
        assert slot.ask("/recommend", {"user_id": "8"})["slot"] == "blue"
    launcher.send_signal(signal.SIGTERM)
    assert launcher.wait(20) == 0
    assert slot.processes() == []
    assert logged(slot) == before + 20
    await_free_port("127.0.0.1", slot.settings.blue_port, "blue", seconds=0)


def logged(slot: SlotProcess) -> int:
    engine = open_engine(slot.settings.store_url)
    with reading(engine) as connection:
        count = connection.execute(select(func.count()).select_from(requests)).scalar_one()
    engine.dispose()
    return int(count)


def test_the_slot_runs_the_code_in_its_bento(slot: SlotProcess, tmp_path: Path) -> None:
    (tmp_path / "components").mkdir()
    (tmp_path / "components" / "__init__.py").write_text("raise ImportError('code from outside of the Bento')\n")
    launcher = slot.start(PYTHONPATH=str(tmp_path))
    bento = slot.settings.root / "bentoml" / "bentos" / "recops" / "release-1"
    assert Path(psutil.Process(launcher.pid).cwd()) == bento / "src"
    assert slot.ask("/release")["release"] == "release-1"


def test_a_port_that_a_stranger_holds_is_named_with_its_setting() -> None:
    port = free_ports(1)[0]
    with socket.create_server(("127.0.0.1", port)), pytest.raises(SlotError, match=f"port {port}.*RECOPS_GREEN_PORT"):
        await_free_port("127.0.0.1", port, "green", seconds=0)


def test_a_slot_without_a_release_says_so(tmp_path: Path) -> None:
    with pytest.raises(SlotError, match=r"does not say which release"):
        read_assignment(tmp_path / "blue.json")
    (tmp_path / "blue.json").write_text('{"release_id": "release-9", "bento_path": "/nowhere"}')
    with pytest.raises(SlotError, match=r"/nowhere is not a Bento.*release-9"):
        read_assignment(tmp_path / "blue.json")
