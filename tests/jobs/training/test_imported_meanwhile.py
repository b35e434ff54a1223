"""What is imported meanwhile is there afterwards, and what cannot be imported hurts nobody who does not need it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.training.imported_meanwhile import imported_meanwhile


@pytest.fixture
def modules(tmp_path: Path) -> Iterator[list[str]]:
    (tmp_path / "slowly_imported.py").write_text("import time\ntime.sleep(0.2)\nVALUE = 7\n")
    (tmp_path / "badly_imported.py").write_text("raise RuntimeError('no')\n")
    sys.path.insert(0, str(tmp_path))
    yield ["badly_imported", "slowly_imported"]
    sys.path.remove(str(tmp_path))
    sys.modules.pop("slowly_imported", None)


def test_the_modules_are_there_once_the_block_is_left(modules: list[str]) -> None:
    with imported_meanwhile(*modules):
        began = "slowly_imported" not in sys.modules or not hasattr(sys.modules["slowly_imported"], "VALUE")
    assert began
    assert sys.modules["slowly_imported"].VALUE == 7
    assert "badly_imported" not in sys.modules


def test_an_error_of_the_block_goes_on(modules: list[str]) -> None:
    with pytest.raises(ValueError, match="mine"), imported_meanwhile(*modules):
        raise ValueError("mine")
