"""The guard of tests/conftest.py: a test that reaches for a port of somebody's stack fails, in this process or not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from components.config.settings import Settings, load_settings
from tests.conftest import STACK_PORTS

PROJECT = Path(__file__).parents[1]
TESTS = """
import socket
from contextlib import suppress
def reach(port):
    with suppress(OSError):
        socket.create_connection(("localhost", port), timeout=1.0).close()
def test_that_reaches_and_says_nothing():
    reach({port})
def test_that_reaches_elsewhere():
    reach(1)
"""


def test_whoever_reaches_for_a_port_of_the_stack_fails(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((PROJECT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_it.py").write_text(TESTS.format(port=Settings().blue_port))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "2 passed, 1 error" in done.stdout
    assert "ERROR test_it.py::test_that_reaches_and_says_nothing" in done.stdout


def test_processes_of_tests_find_every_port_closed() -> None:
    moved = load_settings(os.environ)
    for name in Settings.model_fields:
        if name.endswith("_port"):
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", getattr(moved, name))) != 0
            assert getattr(moved, name) not in STACK_PORTS
