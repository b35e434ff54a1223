"""No other user of the machine reads what people did."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from jobs.stack.private_state import make_private


@pytest.mark.parametrize("there_before", [True, False])
def test_the_state_folder_and_what_is_written_there_is_its_owners_alone(tmp_path: Path, there_before: bool) -> None:
    folder = tmp_path / "deep" / "state"
    if there_before:
        folder.mkdir(parents=True, mode=0o777)
    before = os.umask(0o022)
    try:
        make_private(folder)
        (folder / "events.db").write_text("x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "events.db").stat().st_mode) == 0o600
