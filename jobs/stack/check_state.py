"""Notices what is missing or damaged of an earlier stack's state, before a new one is begun over it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from components.adapters.store.backup import MANIFEST
from components.config.settings import Settings
from jobs.errors import NothingThereError
from jobs.store.back_up import FOLDER, MLFLOW


def check_state(settings: Settings) -> None:
    """Nothing where the state folder is new, or all of it can be read.

    Raises:
        NothingThereError: the event store or MLflow's database is gone while releases are there, or is damaged; says
            what brings it back.
    """
    root = settings.root
    has_releases = any((root / "bentoml" / "bentos").glob("*/*/bento.yaml"))
    if settings.event_store_url is None:
        remedy = f"restore the newest backup: `recops restore {_newest_backup(root)}`"
        _check(root / "events.db", has_releases, remedy)
    if settings.mlflow_tracking_uri is None or settings.mlflow_tracking_uri.startswith("http://127.0.0.1"):
        _check(root / MLFLOW, has_releases, _mlflow_remedy(root))


def _check(file: Path, expected: bool, remedy: str) -> None:
    otherwise = f"; or begin anew: move {file.parent} away"
    if not file.exists():
        if expected:
            raise NothingThereError(f"{file} is missing, though releases are there; {remedy}{otherwise}")
        return
    try:
        database = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=10.0)
        try:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            database.close()
    except sqlite3.DatabaseError as error:
        raise NothingThereError(f"{file} is damaged ({error}); move it away, and {remedy}{otherwise}") from error


def _mlflow_remedy(root: Path) -> str:
    found = sorted((root / FOLDER).glob(f"*/{MLFLOW}"), key=lambda file: file.stat().st_mtime)
    if not found:
        return "put a copy of it back: there is no backup that holds it"
    return f"put the newest backup back: `cp {found[-1]} {root / MLFLOW}`"


def _newest_backup(root: Path) -> str:
    """The folder of the newest backup that the schedule has made, or a word that stands for one."""
    found = sorted((root / FOLDER).glob(f"*/{MANIFEST}"), key=lambda file: file.stat().st_mtime)
    return str(found[-1].parent) if found else "BACKUP"
