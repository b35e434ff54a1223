"""The flow that reads an experiment: who is better, whether that is sure, and what is still needed."""

from __future__ import annotations

import time
from typing import Any

from prefect import State, flow, get_run_logger
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.states import Completed, Failed


@flow(name="read-experiment")
def read_experiment(experiment: str | None = None, only_running: bool = False) -> State[Any]:
    """Read `experiment`, by default the one that runs, or else the latest; with `only_running`, not that one.

    Ends Completed under the name of the decision: Winner, NoDifference, Undecided (which says how many users and days
    are still needed) or Refused (the sample ratio is wrong, or a guardrail forbids the winner); NothingRuns where only
    a running one was to be read. The reading is an artifact of this run, a run in MLflow's experiment
    recops-experiments, and a page in `.recops/readings`.
    """
    from components.adapters.files.params_file import ParamsError
    from components.adapters.store.experiments.declared import ExperimentError
    from components.config.settings import SettingsError
    from jobs.errors import NothingThereError
    from jobs.experiments.read import is_running, publish_reading, tell
    from jobs.wiring.workbench import open_workbench
    from monitoring.reading_page import markdown_of

    logger = get_run_logger()
    try:
        with open_workbench() as bench:
            if only_running and not is_running(bench.store.experiments):
                return Completed(name="NothingRuns", message="no experiment runs")
            reading = publish_reading(bench, experiment, time.time())
    except (ExperimentError, NothingThereError, ParamsError, SettingsError) as error:
        logger.error("%s", error)
        return Failed(message=str(error))
    create_markdown_artifact(f"{markdown_of(reading.view)}\nThe page: `{reading.page}`\n", key="reading")
    create_link_artifact(reading.run_url, "the run in MLflow", key="reading-run")
    line = tell(reading.view)
    logger.info("%s; page: %s", line, reading.page)
    name = "".join(word.capitalize() for word in reading.view.verdict.split())
    return Completed(name=name, message=line)
