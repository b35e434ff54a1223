"""The flow that backs the event store up, and keeps the newest backups."""

from __future__ import annotations

import time
from typing import Any

from prefect import State, flow, get_run_logger
from prefect.states import Completed, Failed


@flow(name="backup")
def backup(keep: int = 7) -> State[Any]:
    """Back up into a new folder of `.recops/backups`, and remove all but the `keep` newest.

    `recops restore FOLDER --drill` proves that one can be restored. Copy them to another machine: these lie beside the
    store.
    """
    import sqlite3

    from components.adapters.store.backup import BackupError
    from components.config.settings import SettingsError
    from jobs.errors import NothingThereError
    from jobs.store.back_up import back_up_and_keep
    from jobs.wiring.workbench import open_workbench

    logger = get_run_logger()
    try:
        with open_workbench() as bench:
            made = back_up_and_keep(bench, time.time(), keep)
    except (BackupError, NothingThereError, SettingsError, ValueError, sqlite3.Error) as error:
        logger.error("%s", error)
        return Failed(message=str(error))
    line = f"{made.folder}: {sum(made.backup.rows.values()):,} rows; {len(made.removed)} older removed"
    logger.info(line)
    return Completed(message=line)
