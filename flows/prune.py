"""The flow that drops from the event store what is past its retention."""

from __future__ import annotations

import time
from typing import Any

from prefect import State, flow, get_run_logger
from prefect.states import Completed, Failed


@flow(name="prune")
def prune() -> State[Any]:
    """Apply `retention` of params.yaml; feedback that no data version has read stays however old it is."""
    from components.adapters.dvc.data_registry import DataRegistryError
    from components.adapters.files.params_file import ParamsError
    from components.config.settings import SettingsError
    from jobs.errors import NothingThereError
    from jobs.store.prune_events import prune_events, tell
    from jobs.wiring.workbench import open_workbench

    logger = get_run_logger()
    try:
        with open_workbench() as bench:
            line = tell(prune_events(bench, time.time()))
    except (DataRegistryError, NothingThereError, ParamsError, SettingsError) as error:
        logger.error("%s", error)
        return Failed(message=str(error))
    logger.info(line)
    return Completed(message=line)
