"""The flow that reads an experiment: who is better, whether that is sure, and what is still needed."""

from __future__ import annotations

import time
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.states import Completed, Failed, State

from components.adapters.files.params_file import ParamsError, read_params
from components.adapters.store.experiments.declared import ExperimentError
from components.config.settings import SettingsError, load_settings


@flow(name="read-experiment")
def read_experiment(experiment: str | None = None, only_running: bool = False) -> State[Any]:
    """Read `experiment`, by default the one that runs, or else the latest; with `only_running`, not that one.

    Ends Completed under the name of the decision: Winner, NoDifference, Undecided (which says how many users and days
    are still needed) or Refused (the sample ratio is wrong, or a guardrail forbids the winner); NothingRuns where only
    a running one was to be read. The reading is an
    artifact of this run, a run in MLflow's experiment recops-experiments, and a page in `.recops/readings`.
    """
    from jobs.experiments.read import find_experiment, is_running, log_to_mlflow, read_stored, write_page
    from monitoring.reading_page import markdown_of

    logger = get_run_logger()
    try:
        settings = load_settings()
        params = read_params(settings.project / "params.yaml")
        if only_running and not is_running(settings):
            return Completed(name="NothingRuns", message="no experiment runs")
        stored = find_experiment(settings, experiment)
        reading = read_stored(settings, params, stored, time.time())
    except (ExperimentError, ParamsError, SettingsError) as error:
        logger.error("%s", error)
        return Failed(message=str(error))
    page = write_page(settings, reading)
    run_id = log_to_mlflow(settings, stored, reading)
    view = reading.view
    create_markdown_artifact(f"{markdown_of(view)}\nThe page: `{page}`\n", key="reading")
    create_link_artifact(f"{settings.mlflow_url}/#/runs/{run_id}", "the run in MLflow", key="reading-run")
    line = f"{view.name}: {view.verdict}{f' {view.winner}' if view.winner else ''}: {view.reason}"
    if view.users_needed is not None:
        line += f"; still needed: {view.users_needed} users per variant, {view.days_needed} days"
    logger.info(line)
    logger.info("page: %s", page)
    name = "".join(word.capitalize() for word in view.verdict.split())
    return Completed(name=name, message=line)
