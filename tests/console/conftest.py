"""A console over a real store of a tiny world, asked without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.small_console import SmallConsole


@pytest.fixture
def console(tmp_path: Path) -> Iterator[SmallConsole]:
    """An empty store with the newest schema; nothing is live."""
    small = SmallConsole(tmp_path)
    yield small
    small.close()
