"""The flow that judges the newest window of traffic, tells of what is wrong once, and has it answered."""

from __future__ import annotations

from typing import Any

from prefect import State, flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.events import emit_event
from prefect.states import Completed, Failed


@flow(name="monitor")
def monitor(
    at: str | None = None, window_minutes: float | None = None, horizon_minutes: float | None = None
) -> State[Any]:
    """Judge the newest closed window.

    Args:
        at: judge as at this ISO 8601 time; now by default.
        window_minutes: length of a window, by default `monitor.window_minutes`. Windows shorter than an hour are held
            against those just before them; they are for simulations.
        horizon_minutes: how long after a request feedback counts, by default `monitor.horizon_minutes`; 0 counts what
            names its request, at once.

    Ends Completed, as `Alerted` when an incident opened or changed, and Failed when nothing could be judged.
    """
    from components.adapters.alerting.apprise_channel import ChannelError
    from components.adapters.files.params_file import ParamsError
    from components.config.settings import SettingsError
    from jobs.errors import NothingThereError
    from jobs.monitoring.monitor import MonitorError, MonitorRequest, run_monitor
    from jobs.wiring.workbench import open_workbench
    from monitoring.rules.table import RulesError
    from monitoring.summary import describe, headline

    logger = get_run_logger()
    try:
        with open_workbench() as bench:
            ran = run_monitor(bench, MonitorRequest(at, window_minutes, horizon_minutes), logger.info)
    except (SettingsError, ParamsError, RulesError, ChannelError, NothingThereError, MonitorError) as error:
        logger.error("%s", error)
        return Failed(message=str(error))
    looked, sent = ran.looked, ran.delivered
    page = describe(looked, ran.n_items, sent.sent, sent.failed, ran.seconds)
    create_markdown_artifact(page, key="monitor", description="What was judged, what fires, and who was told.")
    for failure in looked.failures:
        logger.warning("%s", failure)
    for told in looked.told:
        logger.warning("%s: %s", told.what, told.message.title)
    changed = [told for told in looked.told if told.what != "ended"]
    line = "; ".join(f"{told.what}: {told.message.title}" for told in looked.told) or "nothing new"
    figures = headline(looked)
    for figure in figures:
        logger.info("%s", figure)
        # What `prefect deployment run --watch` prints of a run are its events, and of them their resource's name.
        emit_event("recops.monitor.figure", {"prefect.resource.id": "recops.monitor", "prefect.resource.name": figure})
    return Completed(name="Alerted" if changed else None, message="; ".join([line, *figures]))
