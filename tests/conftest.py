"""No test reaches a port of the stack that it did not open: somebody's stack may be running on the usual ones.

Processes that tests start find the settings of whoever runs the tests gone, and every port moved to one that is closed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from components.config.settings import NOT_OURS, Settings

PORT_SETTINGS = [name for name in Settings.model_fields if name.endswith("_port")]
STACK_PORTS = {int(Settings.model_fields[name].default) for name in PORT_SETTINGS}
"""The usual ports."""
LOOPBACK = ("127.", "::1", "::ffff:127.", "localhost", "0.0.0.0", "::")  # noqa: S104 - nothing is bound to it

settings.register_profile("repeatable", derandomize=True, database=None)
"""The examples of hypothesis' laws are the same in every run; --hypothesis-profile=default looks for others."""

_reached: list[str] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host, port = arguments[1][:2]
    if port in STACK_PORTS and str(host).startswith(LOOPBACK):
        _reached.append(f"{host}:{port}")
        raise ConnectionRefusedError(f"a test reached for {host}:{port}, a port of somebody's stack")


def pytest_configure() -> None:
    """Before anything of a test is imported."""
    for name in [*NOT_OURS, *os.environ]:
        if name.startswith("RECOPS_") or name in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "ANTHROPIC_API_KEY"):
            os.environ.pop(name, None)
    for closed, name in enumerate(PORT_SETTINGS, start=1):  # nobody listens on the first ports, nor is given one
        os.environ[f"RECOPS_{name.upper()}"] = str(closed)
    sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def _no_port_of_a_running_stack() -> Iterator[None]:
    yield
    reached, _reached[:] = sorted(set(_reached)), []
    if reached:
        pytest.fail(
            f"reached for {', '.join(reached)}; give the test's settings ports of its own (tests/free_ports.py)"
        )


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One session of Spark for all tests that need it; they are skipped, and say why, where it cannot start."""
    from components.adapters.spark.java import missing_for_spark
    from components.adapters.spark.session import SparkPlace, open_spark

    if missing := missing_for_spark():
        pytest.skip(missing)
    small = SparkPlace(driver_memory="1g", partitions=2, java_options="-XX:+UseSerialGC -XX:TieredStopAtLevel=1")
    with open_spark(small, tmp_path_factory.mktemp("spark")) as session:
        yield session
