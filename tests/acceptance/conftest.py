"""One whole stack for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.whole_stack import WholeStack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    whole = WholeStack(tmp_path_factory.mktemp("whole"))
    try:
        print(whole.recops("up"))
        yield whole
    finally:
        whole.recops("down", check=False)
        assert whole.processes() == []
