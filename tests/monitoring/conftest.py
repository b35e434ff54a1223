"""What the tests of monitoring share: an event store of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from components.adapters.store.engine import migrate, open_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty event store."""
    url = f"sqlite:///{tmp_path / 'events.db'}"
    migrate(url)
    engine = open_engine(url)
    yield engine
    engine.dispose()
