"""What is missing of an earlier stack is said with what brings it back, and no empty store is begun over it."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.restore import restore
from cli.up import only_one, up
from jobs.errors import NothingThereError
from jobs.stack.check_state import check_state
from jobs.store.back_up import back_up_and_keep
from jobs.wiring.workbench import Workbench
from tests.ingest_worlds import settings_in


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A stack that has promoted a release once."""
    bench = Workbench(settings_in(tmp_path))
    bench.store.migrate()
    bento = tmp_path / "bentoml" / "bentos" / "recops" / "release-1"
    bento.mkdir(parents=True)
    (bento / "bento.yaml").write_text("")
    (tmp_path / "mlflow.db").write_bytes((tmp_path / "events.db").read_bytes())
    yield bench
    bench.close()


def test_a_new_folder_and_a_whole_one_are_taken(bench: Workbench, tmp_path: Path) -> None:
    check_state(settings_in(tmp_path / "new"))
    check_state(bench.settings)


def test_a_missing_event_store_is_named_with_the_command_that_restores_it(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = back_up_and_keep(bench, 1_800_000_000.0, keep=3)
    bench.close()
    for file in bench.settings.root.glob("events.db*"):
        file.unlink()
    with pytest.raises(NothingThereError, match=f"recops restore {kept.folder}"):
        check_state(bench.settings)
    monkeypatch.setenv("RECOPS_HOME", str(bench.settings.root))
    assert CliRunner().invoke(restore, [str(kept.folder)], catch_exceptions=False).exit_code == 0
    check_state(bench.settings)


@pytest.mark.parametrize("name", ["events.db", "mlflow.db"])
def test_a_damaged_database_is_named(bench: Workbench, name: str) -> None:
    bench.close()
    (bench.settings.root / name).write_bytes(b"not a database" * 1_000)
    with pytest.raises(NothingThereError, match=rf"{name} is damaged .*move it away"):
        check_state(bench.settings)


def test_a_missing_mlflow_database_is_named(bench: Workbench) -> None:
    (bench.settings.root / "mlflow.db").unlink()
    with pytest.raises(NothingThereError, match=r"mlflow.db is missing"):
        check_state(bench.settings)


def test_a_missing_mlflow_database_comes_back_by_the_command_that_is_named(bench: Workbench) -> None:
    database = bench.settings.root / "mlflow.db"
    before = sqlite3.connect(database).execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
    back_up_and_keep(bench, 1_800_000_000.0, keep=3)
    database.unlink()
    with pytest.raises(NothingThereError, match="`cp ") as told:
        check_state(bench.settings)
    command = str(told.value).split("`")[1]
    subprocess.run(command.split(), check=True)
    check_state(bench.settings)
    assert sqlite3.connect(database).execute("SELECT name FROM sqlite_master ORDER BY name").fetchall() == before


def test_the_second_of_two_ups_says_so_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOPS_HOME", str(tmp_path))
    with only_one(settings_in(tmp_path)):
        result = CliRunner().invoke(up)
    assert (result.exit_code, result.stderr) == (1, "Error: another `recops up` is at work here; let it finish\n")
