"""Containers of one slot may share the folder in which they write what they run."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bentos.follow_slot import write_assignment


def test_replicas_that_share_a_folder_write_at_once_and_leave_one_whole_file(tmp_path: Path) -> None:
    given = {"release_id": "release-1", "bento_path": "/bento"}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write_assignment(tmp_path / "slots" / "blue.json", given), range(200)))
    assert [each.name for each in (tmp_path / "slots").iterdir()] == ["blue.json"]
    assert json.loads((tmp_path / "slots" / "blue.json").read_text()) == given
