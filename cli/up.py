"""`recops up`: starts the stack, runs the loop once if nothing is live yet, and says where everything is."""

from __future__ import annotations

from contextlib import AbstractContextManager

import click

from cli.answer import json_option, say
from cli.console import make_console
from cli.progress import Progress
from cli.summary import print_summary
from components.adapters.machine.file_lock import LockTimeoutError, exclusive_lock
from components.adapters.prefect_api import PrefectApiError
from components.adapters.slots.supervisor import SupervisorError
from components.config.settings import Settings
from components.rollout.lease import LeaseLost
from components.rollout.ports import StepFailed
from jobs.stack.bring_up import begin, bring_up, secrets_set
from jobs.stack.first_look import take_first_look
from jobs.stack.ports import PortTaken
from jobs.wiring.workbench import open_workbench

LOCK = "up.lock"


@click.command()
@json_option
def up(as_json: bool) -> None:
    """Start the stack; if nothing is live yet, ingest, train and promote once. Run it again to resume."""
    progress = Progress(make_console(aside=as_json))
    try:
        with open_workbench() as bench, only_one(bench.settings):
            fresh = begin(bench, progress)
            secrets = ", ".join(secrets_set()) or "none"
            progress.console.print(f"[dim]state in {bench.settings.root}; secrets set: {secrets}[/dim]")
            for fault in bring_up(bench, fresh, progress):
                progress.console.print(f"[yellow]{fault}[/yellow]", highlight=False)
            look = take_first_look(bench)
            print_summary(bench.settings, look, progress.console)
    except LockTimeoutError as error:
        raise click.ClickException("another `recops up` is at work here; let it finish") from error
    except PortTaken as error:
        raise click.ClickException(str(error)) from error
    except (LeaseLost, StepFailed, SupervisorError, PrefectApiError) as error:
        raise click.ClickException(
            f"{error}\nThe logs: `recops logs NAME`; `recops down` stops what was started."
        ) from error
    progress.console.print(f"[dim]took {progress.seconds:.1f} s[/dim]", highlight=False)
    where = {"release": look.release.release_id, "slot": look.slot, "standby": look.standby}
    say(as_json, {**where, "addresses": look.addresses, "answer": look.answer, "seconds": round(progress.seconds, 1)})


def only_one(settings: Settings) -> AbstractContextManager[int]:
    """Holds the lock of this stack's `recops up`.

    Raises:
        LockTimeoutError: another one is at work.
    """
    settings.runtime_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return exclusive_lock(settings.runtime_folder / LOCK, wait_seconds=0.0)
