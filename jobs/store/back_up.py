"""Backs the event store, MLflow's database and the Bentos in use up under the state, and keeps the newest of these."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from components.adapters.files.sqlite_copy import copy_database
from components.adapters.store.backup import MANIFEST, Backup, back_up
from jobs.access.seal_bundles import bento_faults
from jobs.wiring.workbench import Workbench

FOLDER = "backups"
MLFLOW = "mlflow.db"
BENTOS = "bentos"
"""Beside the backups, as releases never change: one copy of each Bento that a slot should run."""


@dataclass(frozen=True)
class KeptBackups:
    """The backup that was made, where it lies, and the older ones that went for it."""

    backup: Backup
    folder: Path
    removed: tuple[Path, ...]


def back_up_and_keep(bench: Workbench, now: float, keep: int) -> KeptBackups:
    """Makes a backup named after `now` (seconds since 1970), then removes all but the `keep` newest (at least 1).

    A folder without a manifest is of a backup that was cut off, and goes too.

    Raises:
        components.adapters.store.backup.BackupError: the backup cannot be made; nothing is removed then.
        sqlite3.Error: neither can that of MLflow's database, where it is a file of ours.
        ValueError: `keep` is less than 1.
    """
    if keep < 1:
        raise ValueError(f"keep: {keep} is less than 1, and would leave no backup")
    folder = bench.settings.root / FOLDER
    made = folder / f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"
    backup = back_up(bench.store.engine, made, now)
    if (mlflow := bench.settings.root / MLFLOW).exists():
        copy_database(mlflow, made / MLFLOW)
    known = sorted(each for each in folder.iterdir() if each.is_dir() and each.name != BENTOS)
    whole = [each for each in known if (each / MANIFEST).exists()]
    removed = tuple(each for each in known if each not in whole[-keep:] and each < made)
    for each in removed:
        shutil.rmtree(each)
    _keep_bentos(bench, folder / BENTOS)
    return KeptBackups(backup, made, removed)


def _keep_bentos(bench: Workbench, kept: Path) -> None:
    """Copies the Bentos of the slots that are whole and not there yet, and removes those of other releases."""
    routing = bench.store.releases.routing()
    releases = [bench.store.releases.release(each) for each in routing.releases.values() if each is not None]
    for release in releases:
        package = bench.bento_folder(release.bento_tag)
        copy = kept / package.name
        if copy.is_dir() or not package.is_dir() or bento_faults(bench, release):
            continue
        kept.mkdir(exist_ok=True)
        partial = kept / f"{package.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(package, partial, ignore=shutil.ignore_patterns("__pycache__"))
        partial.rename(copy)
    wanted = {bench.bento_folder(release.bento_tag).name for release in releases}
    for each in kept.iterdir() if kept.is_dir() else ():
        if each.name not in wanted:
            shutil.rmtree(each)
