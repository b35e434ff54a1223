"""One small release, built once, and slots that run it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bentos.build import BuiltBento
from components.config.settings import Settings
from tests.free_ports import free_ports
from tests.slot_process import SlotProcess, build_small_release


@pytest.fixture(scope="session")
def small_release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, BuiltBento]:
    """Settings and Bento of `tests.slot_process.build_small_release`."""
    return build_small_release(tmp_path_factory.mktemp("slots"), free_ports(1)[0])


@pytest.fixture
def slot(small_release: tuple[Settings, BuiltBento]) -> Iterator[SlotProcess]:
    """The slot, not started yet."""
    slot = SlotProcess(small_release[0])
    yield slot
    slot.stop()
