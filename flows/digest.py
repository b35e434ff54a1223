"""The flow that sends the daily digest of incidents."""

from __future__ import annotations

from typing import Any

from prefect import State, flow, get_run_logger
from prefect.states import Completed, Failed


@flow(name="digest")
def digest() -> State[Any]:
    """Send the digest of the last 24 hours to every channel; ends as `SentAlready` where the day has had its own."""
    import time

    from components.adapters.alerting.apprise_channel import ChannelError
    from components.adapters.files.params_file import ParamsError
    from components.config.settings import SettingsError
    from jobs.errors import NothingThereError
    from jobs.monitoring.digest import send_digest
    from jobs.wiring.workbench import open_workbench

    try:
        with open_workbench() as bench:
            sent = send_digest(bench, time.time())
    except (SettingsError, ParamsError, ChannelError, NothingThereError) as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error))
    if sent is None:
        return Completed(name="SentAlready", message="this day has had its digest")
    return Completed(message=f"{sent.sent} messages delivered, {sent.failed} will be tried again")
