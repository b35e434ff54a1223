"""`recops up`: starts the stack, runs the loop once if nothing is live yet, and says where everything is."""

from __future__ import annotations

import click

from cli.console import make_console
from cli.progress import Progress
from cli.summary import print_summary
from components.adapters.prefect_api import PrefectApiError
from components.adapters.slots.supervisor import SupervisorError
from components.rollout.lease import LeaseLost
from components.rollout.ports import StepFailed
from jobs.stack.bring_up import begin, bring_up, secrets_set
from jobs.stack.first_look import take_first_look
from jobs.stack.ports import PortTaken
from jobs.wiring.workbench import open_workbench


@click.command()
def up() -> None:
    """Start the stack; if nothing is live yet, ingest, train and promote once. Run it again to resume."""
    progress = Progress(make_console())
    try:
        with open_workbench() as bench:
            fresh = begin(bench, progress)
            secrets = ", ".join(secrets_set()) or "none"
            progress.console.print(f"[dim]state in {bench.settings.root}; secrets set: {secrets}[/dim]")
            for fault in bring_up(bench, fresh, progress):
                progress.console.print(f"[yellow]{fault}[/yellow]", highlight=False)
            print_summary(bench.settings, take_first_look(bench), progress.console)
    except PortTaken as error:
        raise click.ClickException(str(error)) from error
    except (LeaseLost, StepFailed, SupervisorError, PrefectApiError) as error:
        raise click.ClickException(
            f"{error}\nThe logs: `recops logs NAME`; `recops down` stops what was started."
        ) from error
    progress.console.print(f"[dim]took {progress.seconds:.1f} s[/dim]", highlight=False)
