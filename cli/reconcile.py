"""`recops reconcile`: makes slots, gateway and aliases match the event store."""

from __future__ import annotations

import click

from cli.operator import as_operator
from components.rollout.lease import LeaseLost
from components.rollout.ports import StepFailed
from jobs.promotion.reconcile import put_in_order
from jobs.stack.gateway import mend_gateway
from jobs.wiring.workbench import open_workbench


@click.command()
def reconcile() -> None:
    """Make slots, gateway and aliases match the event store, which is the truth about releases."""
    with open_workbench() as bench:
        if not bench.supervisor.is_running():
            raise click.ClickException("the stack is not running; start it with `make up`, which reconciles too")
        as_operator(bench, "reconcile")
        try:
            mend_gateway(bench, click.echo)
            state = put_in_order(bench, click.echo)
        except (LeaseLost, StepFailed) as error:
            raise click.ClickException(str(error)) from error
    click.echo("all matches the store" if state.live_release else "nothing is live yet; run `make up`")
