"""A running small stack with two releases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs.stack.take_down import processes_of, stop_stack
from tests.stack.small_stack import SmallStack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    """Two releases: one live in green, one standing by in blue."""
    small = SmallStack(tmp_path_factory.mktemp("stack"))
    try:
        small.start()
        small.promote()
        small.promote()
        yield small
    finally:
        stop_stack(small.bench)
        assert processes_of(small.settings) == []
