"""A Bento that is missing or not what was built is named, comes back by a command, and is started by no slot."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bentos.slot import SlotError, check_with_store
from components.access.bundle_seal import make_seal
from components.adapters.slots.bento_files import list_files
from components.adapters.slots.sealed_bento import package_sha256
from components.rollout.lease import Lease
from components.rollout.lease_commands import Acquire
from components.rollout.promotion_commands import AddRelease, Advance, MakeLive, TakeIdleSlot
from components.rollout.states import State
from jobs.access.seal_bundles import seal_bento
from jobs.errors import NothingThereError
from jobs.stack.check_bentos import check_bentos
from jobs.stack.prepare import prepare_gateway
from jobs.store.back_up import BENTOS, FOLDER, back_up_and_keep
from jobs.wiring.workbench import Workbench
from tests.ingest_worlds import settings_in
from tests.slot_process import make_release

NOW = 1_800_000_000.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A store in which release-1 is live, with a Bento of three files."""
    bench = Workbench(settings_in(tmp_path))
    bench.store.migrate()
    release = make_release()
    package = bench.bento_folder(release.bento_tag)
    for name in ("bento.yaml", "src/release.json", "src/bentos/service.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(name)
    md5 = list_files(package)
    seal_bento(bench, md5, package)
    store = bench.store.releases
    lease = store.commit(Acquire("test", 60.0))
    assert isinstance(lease, Lease)
    store.commit(AddRelease(lease, replace(release, summary={**release.summary, "bento_md5": md5})))
    store.commit(TakeIdleSlot(lease))
    for state in (State.READY, State.SMOKE_TESTED):
        store.commit(Advance(lease, state))
    store.commit(MakeLive(lease))
    yield bench
    bench.close()


def package_of(bench: Workbench) -> Path:
    return bench.bento_folder("recops:release-1")


def start(bench: Workbench) -> None:
    """What a slot asks before it starts."""
    live = bench.store.releases.routing().live_slot
    assert live is not None
    check_with_store(bench.settings, live, "release-1", package_of(bench))


def change_code(package: Path) -> None:
    (package / "src" / "bentos" / "service.py").write_text("import evil")


def change_code_and_listing(package: Path) -> None:
    change_code(package)
    list_files(package)


def add_a_file(package: Path) -> None:
    (package / "src" / "sitecustomize.py").touch()


def test_what_was_built_is_started(bench: Workbench) -> None:
    assert check_bentos(bench) == ()
    start(bench)


@pytest.mark.parametrize("change", [change_code, change_code_and_listing, add_a_file, shutil.rmtree])
def test_what_was_not_built_is_not_started_and_comes_back_by_the_command_that_is_said(
    bench: Workbench, change: Callable[[Path], object]
) -> None:
    back_up_and_keep(bench, NOW, keep=3)
    change(package_of(bench))
    with pytest.raises(SlotError, match="release-1 is not what was built"):
        start(bench)
    with pytest.raises(NothingThereError, match=r"release-1 .*is not what was built: .*put the backup's copy") as told:
        check_bentos(bench)
    subprocess.run(str(told.value).split("`")[1], shell=True, check=True)  # noqa: S602 - the command is what is tested
    assert check_bentos(bench) == ()
    start(bench)


def test_a_changed_one_is_named_also_where_the_store_was_given_its_md5(bench: Workbench) -> None:
    """Whoever serves the store without the stack's secret can name another md5, and seal it with a guess."""
    package = package_of(bench)
    change_code(package)
    md5 = list_files(package)
    bench.store.seals.put(make_seal(b"a guess", md5, package_sha256(package), NOW))
    with bench.store.engine.begin() as db:
        db.exec_driver_sql("UPDATE releases SET summary = ?", (f'{{"bento_md5": "{md5}"}}',))
    with pytest.raises(SlotError, match="not of this stack's secret"):
        start(bench)


def test_what_was_compiled_of_the_code_is_thrown_away(bench: Workbench) -> None:
    compiled = package_of(bench) / "src" / "bentos" / "__pycache__" / "service.cpython-311.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"somebody's")
    start(bench)
    assert not compiled.exists()


def test_without_a_backup_it_is_said_and_the_rest_is_started(bench: Workbench) -> None:
    shutil.rmtree(package_of(bench))
    (said,) = check_bentos(bench)
    assert "recops/release-1 is missing; no backup holds it" in said


def test_a_backup_keeps_no_damaged_bento_and_none_of_other_releases(bench: Workbench) -> None:
    kept = bench.settings.root / FOLDER / BENTOS
    (kept / "release-0").mkdir(parents=True)
    change_code(package_of(bench))
    back_up_and_keep(bench, NOW, keep=1)
    assert list(kept.iterdir()) == []
    back_up_and_keep(bench, NOW + 60, keep=1)
    assert [each.name for each in (bench.settings.root / FOLDER).iterdir() if each.name != BENTOS] == [
        "20270115T080100Z"
    ]


def test_a_missing_or_damaged_route_file_is_written_anew_from_the_store(bench: Workbench) -> None:
    prepare_gateway(bench)
    files = [
        file for file in bench.settings.root.rglob("*") if file.suffix in {".yaml", ".json"} and "envoy" in file.parts
    ]
    routes = {file: file.read_bytes() for file in files}
    assert routes
    for file in routes:
        file.unlink()
    prepare_gateway(bench)
    assert {file: file.read_bytes() for file in routes} == routes
    for file in routes:
        file.write_text("not: [a route")
    prepare_gateway(bench)
    assert {file: file.read_bytes() for file in routes} == routes
