"""Laws of the processes under supervisor, with a real supervisord."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from components.adapters.slots.supervisor import Program, Supervisor, SupervisorError

SLEEP = [sys.executable, "-c", "import os, time; print('100%', os.environ['GREETING'], flush=True); time.sleep(600)"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "s", tmp_path / "logs")
    programs = [
        Program("first", SLEEP, tmp_path, {"GREETING": "hello 100%"}),
        Program("later", SLEEP, tmp_path, {"GREETING": "later"}, start_at_once=False),
    ]
    supervisor.start(programs, os.environ)
    yield supervisor
    if supervisor.is_running():
        supervisor.shut_down()


def wait_until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_programs_start_at_once_or_when_told(running: Supervisor) -> None:
    wait_until(lambda: running.state_of("first").state == "RUNNING")
    assert running.state_of("later").state == "STOPPED"
    running.start_program("later")
    running.start_program("later")  # harmless
    wait_until(lambda: running.state_of("later").state == "RUNNING")
    running.stop_program("later")
    running.stop_program("later")  # harmless
    assert [(state.name, state.state) for state in running.states()] == [("first", "RUNNING"), ("later", "STOPPED")]


def test_a_killed_program_is_started_again_with_its_environment(running: Supervisor, tmp_path: Path) -> None:
    wait_until(lambda: running.state_of("first").state == "RUNNING")
    before = running.state_of("first").pid
    psutil.Process(before).kill()
    wait_until(lambda: running.state_of("first").pid not in (0, before))
    wait_until(lambda: (tmp_path / "logs" / "first.log").read_text().count("100% hello 100%\n") == 2)


def test_shutting_down_leaves_nothing(running: Supervisor) -> None:
    wait_until(lambda: running.state_of("first").state == "RUNNING")
    pid = running.state_of("first").pid
    running.shut_down()
    assert not running.is_running()
    assert not psutil.pid_exists(pid)


def test_an_unknown_program_is_an_error(running: Supervisor) -> None:
    with pytest.raises(SupervisorError, match="nobody"):
        running.start_program("nobody")


def test_a_supervisord_that_hangs_is_given_up_in_time(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.bind(str(tmp_path / "s" / "supervisor.sock"))
        silent.listen()
        supervisor = Supervisor(tmp_path / "s", tmp_path / "logs", call_seconds=0.2)
        assert not supervisor.is_running()
        with pytest.raises(TimeoutError):
            supervisor.states()
