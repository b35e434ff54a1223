"""`recops reconcile`: makes slots, gateway and aliases match the event store."""

from __future__ import annotations

import click

from components.adapters.files.params_file import read_params
from components.config.settings import load_settings
from components.rollout.lease import LeaseLost
from components.rollout.ports import StepFailed
from components.rollout.reconcile import reconcile as reconcile_world
from jobs.stack import supervisor, world


@click.command()
def reconcile() -> None:
    """Make slots, gateway and aliases match the event store, which is the truth about releases."""
    settings = load_settings()
    if not supervisor(settings).is_running():
        raise click.ClickException("the stack is not running; start it with `make up`, which reconciles too")
    params = read_params(settings.project / "params.yaml")
    try:
        limits = params.promotion
        state = reconcile_world(world(settings), limits.lease_seconds, limits.ready_timeout_seconds, click.echo)
    except (LeaseLost, StepFailed) as error:
        raise click.ClickException(str(error)) from error
    click.echo("all matches the store" if state.live_release else "nothing is live yet; run `make up`")
