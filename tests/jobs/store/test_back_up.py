"""The newest backups stay, and what was cut off goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.config.settings import Settings
from jobs.errors import NothingThereError
from jobs.store.back_up import back_up_and_keep
from jobs.wiring.workbench import Workbench

DAY = 86_400.0


def test_the_newest_backups_stay_and_what_was_cut_off_goes(tmp_path: Path) -> None:
    with Workbench(Settings(home=tmp_path)) as bench:
        bench.store.migrate()
        (tmp_path / "backups" / "19700101T120000Z").mkdir(parents=True)
        made = [back_up_and_keep(bench, n * DAY, keep=2) for n in range(1, 5)]
    assert [[path.name for path in each.removed] for each in made] == [
        ["19700101T120000Z"],
        [],
        ["19700102T000000Z"],
        ["19700103T000000Z"],
    ]
    assert sorted(path.name for path in (tmp_path / "backups").iterdir()) == ["19700104T000000Z", "19700105T000000Z"]


def test_without_a_store_or_a_backup_to_keep_nothing_is_done(tmp_path: Path) -> None:
    with Workbench(Settings(home=tmp_path)) as bench:
        with pytest.raises(NothingThereError):
            back_up_and_keep(bench, DAY, keep=2)
        with pytest.raises(ValueError, match="would leave no backup"):
            back_up_and_keep(bench, DAY, keep=0)
    assert list(tmp_path.iterdir()) == []
