"""`recops reconcile`: makes slots, gateway and aliases match the event store."""

from __future__ import annotations

import click

from cli.answer import json_option, say, teller
from cli.operator import as_operator
from components.rollout.lease import LeaseLost
from components.rollout.ports import StepFailed
from jobs.promotion.reconcile import put_in_order
from jobs.stack.gateway import mend_gateway
from jobs.wiring.workbench import open_workbench


@click.command()
@json_option
def reconcile(as_json: bool) -> None:
    """Make slots, gateway and aliases match the event store, which is the truth about releases."""
    with open_workbench() as bench:
        if not bench.supervisor.is_running():
            raise click.ClickException("the stack is not running; start it with `make up`, which reconciles too")
        as_operator(bench, "reconcile")
        try:
            mend_gateway(bench, teller(as_json))
            state = put_in_order(bench, teller(as_json))
        except (LeaseLost, StepFailed) as error:
            raise click.ClickException(str(error)) from error
    line = "all matches the store" if state.live_release else "nothing is live yet; run `make up`"
    say(as_json, {"live": state.live_release, "slot": state.live_slot, "standby": state.standby_release}, line)
