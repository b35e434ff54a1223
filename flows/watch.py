"""The flow that judges the last minutes: latency, errors, empty lists, slots, costs, and all that needs no horizon."""

from __future__ import annotations

from typing import Any

from prefect import State, flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed, Failed


@flow(name="watch")
def watch() -> State[Any]:
    """Judge the last minutes by the fast rules.

    Ends Completed, as `Alerted` when an incident opened or changed, and Failed when nothing could be judged.
    """
    from components.adapters.alerting.apprise_channel import ChannelError
    from components.adapters.files.params_file import ParamsError
    from components.config.settings import SettingsError
    from jobs.errors import NothingThereError
    from jobs.monitoring.fast import run_fast_rules
    from jobs.wiring.workbench import open_workbench
    from monitoring.fast_page import describe_fast
    from monitoring.rules.table import RulesError

    logger = get_run_logger()
    try:
        with open_workbench() as bench:
            ran = run_fast_rules(bench)
    except (SettingsError, ParamsError, RulesError, ChannelError, NothingThereError) as error:
        logger.error("%s", error)
        return Failed(message=str(error))
    page = describe_fast(ran.looked, ran.delivered.sent, ran.delivered.failed, ran.seconds)
    create_markdown_artifact(page, key="watch", description="The last minutes: what was judged, and what fires.")
    for told in ran.looked.told:
        logger.warning("%s: %s", told.what, told.message.title)
    changed = [told for told in ran.looked.told if told.what != "ended"]
    line = "; ".join(f"{told.what}: {told.message.title}" for told in ran.looked.told) or "nothing new"
    return Completed(name="Alerted" if changed else None, message=line)
